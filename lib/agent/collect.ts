/** GC: what the runtime does not count as valid any more goes. */
import { CNI_CODE, CniError } from '../api/cni.ts';
import type { NetConf } from '../api/cni-netconf.ts';
import { attachmentKey, keyOf } from '../store/attachment.ts';
import type { Parts } from './parts.ts';
import { release } from './release.ts';

/** Goes on past failures and throws them together at the end. Without a list nothing is known, and nothing goes. */
export async function collect(parts: Parts, conf: NetConf): Promise<void> {
  if (conf.validAttachments === undefined) return;
  const valid = new Set(conf.validAttachments.map((one) => attachmentKey(one.containerID, one.ifname)));
  const stale = parts.journal.list().filter((one) => one.configName === conf.name && !valid.has(keyOf(one)));
  const rounds = stale.map((one) =>
    parts.containers.run(one.containerID, async () => {
      const current = parts.journal.get(keyOf(one));
      if (current?.state === 'attached') await release(parts, current);
    }),
  );
  const failures = (await Promise.allSettled(rounds)).filter((one) => one.status === 'rejected');
  if (failures.length === 0) return;
  const reasons = failures.map((one) => String(one.reason)).join('; ');
  throw new CniError(
    CNI_CODE.io,
    `${failures.length} of ${stale.length} stale attachments could not be removed`,
    reasons,
  );
}
