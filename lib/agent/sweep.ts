/**
 * Finds what crashes leave behind: claims of this node without an attachment, and attachments whose container is gone although
 * nobody called DEL. What is found must be found twice in a row before it goes, since either may be in the making.
 */
import { LABEL_NODE } from '../api/meta.ts';
import { type NetworkEndpoint, networkEndpoints } from '../api/network-endpoint.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Attachment, keyOf } from '../store/attachment.ts';
import type { Parts } from './parts.ts';
import { release } from './release.ts';
import { interfaceObjects, scopeOf } from './view.ts';

export interface Sweeper {
  /** One round. Throws ApiError. */
  sweep(): Promise<void>;
}

export function createSweeper(parts: Parts, client: KubeClient): Sweeper {
  let orphans: ReadonlySet<string> = new Set();
  let abandoned: ReadonlySet<string> = new Set();

  async function sweepClaims(): Promise<void> {
    const labelSelector = `${LABEL_NODE}=${parts.config.nodeName}`;
    const { items } = await client.list(networkEndpoints, { labelSelector });
    const found = items.filter((one) => !isHeld(parts, one));
    const again = found.filter((one) => orphans.has(one.metadata.uid));
    orphans = new Set(found.map((one) => one.metadata.uid));
    for (const one of again) await parts.containers.run(one.spec.containerID, () => removeClaim(one));
  }

  /** An ADD may have taken it up in the meantime. */
  async function removeClaim(one: NetworkEndpoint): Promise<void> {
    if (isHeld(parts, one)) return;
    const { name, uid } = one.metadata;
    parts.log.info({ endpoint: name }, 'claim without an attachment removed');
    await client.delete(networkEndpoints, name, { uid });
  }

  async function sweepAttachments(): Promise<void> {
    const gone = parts.journal
      .list()
      .filter((one) => one.state === 'attached' && parts.kernel.identity(one.netns) === undefined);
    const again = gone.filter((one) => abandoned.has(keyOf(one)));
    abandoned = new Set(gone.map(keyOf));
    for (const one of again) await parts.containers.run(one.containerID, () => removeAttachment(one));
  }

  async function removeAttachment(one: Attachment): Promise<void> {
    if (parts.journal.get(keyOf(one)) !== one || !(await hasLostItsLinks(parts, one))) return;
    parts.log.info({ container: one.containerID, pod: one.pod }, 'attachment of a vanished container removed');
    await release(parts, one);
  }

  return {
    sweep: async () => {
      await sweepAttachments();
      await sweepClaims();
    },
  };
}

/** A namespace that only this process cannot see (its mounts are wrong) still has its veth pairs: it is alive. */
async function hasLostItsLinks(parts: Parts, attachment: Attachment): Promise<boolean> {
  const view = parts.view();
  if (view === undefined) return false;
  const rounds = attachment.interfaces.map((one) =>
    parts.scopes.missing(scopeOf(one, view), interfaceObjects(view, attachment, one)),
  );
  const links = (await Promise.all(rounds)).flat().filter((op) => op.kind === 'create' && op.object.kind === 'veth');
  return links.length === attachment.interfaces.length;
}

const isHeld = ({ journal }: Parts, { metadata }: NetworkEndpoint): boolean =>
  journal
    .list()
    .some((one) => one.interfaces.some(({ on }) => on.kind === 'overlay' && on.endpointUID === metadata.uid));
