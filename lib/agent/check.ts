/** CHECK: the plan for the attachment's objects is empty. */
import { CNI_CODE, CniError } from '../api/cni.ts';
import { networkEndpoints } from '../api/network-endpoint.ts';
import type { Op } from '../dataplane/op.ts';
import { renderObject } from '../dataplane/text.ts';
import { hasReason } from '../kube/error.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Attachment, attachmentKey, type OverlayRecord } from '../store/attachment.ts';
import type { Parts } from './parts.ts';
import { interfaceObjects, scopeOf } from './view.ts';
import type { AddCall } from './wanted.ts';

const CALL_TIMEOUT_MS = 2000;

/** Throws CniError that names everything that is missing. */
export async function check(parts: Parts, client: KubeClient, call: AddCall): Promise<void> {
  const attachment = parts.journal.get(attachmentKey(call.containerID, call.ifname));
  if (attachment?.state !== 'attached') {
    const message = `container ${call.containerID} has no attachment ${call.ifname} here: it was never added, or deleted`;
    throw new CniError(CNI_CODE.unknownContainer, message);
  }
  if (attachment.netns !== call.netns) {
    throw failed([`namespace ${call.netns}: the attachment was made in ${attachment.netns}`]);
  }
  const [kernel, claims] = await Promise.all([kernelFaults(parts, attachment), claimFaults(parts, client, attachment)]);
  if (kernel.length + claims.length > 0) throw failed([...kernel, ...claims]);
}

const failed = (faults: readonly string[]): CniError =>
  new CniError(CNI_CODE.checkFailed, `missing or different: ${faults.join('; ')}`);

async function kernelFaults(parts: Parts, attachment: Attachment): Promise<string[]> {
  const view = parts.view();
  if (view === undefined) throw new CniError(CNI_CODE.tryAgainLater, 'the agent of this node is starting');
  const rounds = attachment.interfaces.map((one) =>
    parts.scopes.missing(scopeOf(one, view), interfaceObjects(view, attachment, one)),
  );
  const ops = (await Promise.all(rounds)).flat();
  return ops.filter((op) => !isTolerated(op)).map((op) => `${renderObject(op.object)} (${op.object.netns})`);
}

/** A later plugin in the chain may change a container's MAC, MTU and routes (CNI SPEC, CHECK); what is ours must be there. */
function isTolerated(op: Op): boolean {
  if (op.kind !== 'change') return false;
  const { object, from } = op;
  if (object.kind === 'veth' && from.kind === 'veth') return from.incomplete !== true;
  return object.kind === 'route';
}

async function claimFaults(parts: Parts, client: KubeClient, attachment: Attachment): Promise<string[]> {
  const claims = attachment.interfaces.flatMap(({ on }) => (on.kind === 'overlay' ? [on] : []));
  const faults = await Promise.all(claims.map((claim) => claimFault(parts, client, claim)));
  return faults.filter((fault) => fault !== undefined);
}

async function claimFault(parts: Parts, client: KubeClient, claim: OverlayRecord): Promise<string | undefined> {
  const known = parts.cluster.endpoints(claim.network).some((one) => one.metadata.uid === claim.endpointUID);
  if (known) return undefined;
  try {
    const { metadata } = await client.get(networkEndpoints, claim.endpoint, { timeoutMs: CALL_TIMEOUT_MS });
    return metadata.uid === claim.endpointUID ? undefined : `NetworkEndpoint ${claim.endpoint} is another container's`;
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
    return `NetworkEndpoint ${claim.endpoint} is gone: its address may be given to another container`;
  }
}
