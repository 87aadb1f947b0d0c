/** Makes and deletes namespaces of ours. */
import type { Netns, NetnsRef } from '../../dataplane/object.ts';
import { KernelError } from '../error.ts';
import { RTM_GETLINK, decodeLink, encodeLinkQuery } from '../netlink/link.ts';
import { createNetns, deleteNetns, isNetns } from '../netns/netns.ts';
import { describe } from './describe.ts';
import type { Session } from './session.ts';
import type { OpOn } from './step.ts';
import type { Unlinker } from './unlinker.ts';

const LOOPBACK = 1;
const EINVAL = 22;

/**
 * The links go before the name does: the kernel clears a nameless namespace when it finds the time, and until then containers
 * keep their interfaces, and a VXLAN device its VNI. The bridge and the VXLAN device take the kernel 20 ms and more, in which
 * nobody sees them any longer: that is not waited for.
 */
async function empty(netns: NetnsRef, session: Session, unlinker: Unlinker): Promise<void> {
  const query = { type: RTM_GETLINK, payload: encodeLinkQuery({}) };
  const links = await session.sockets.in(netns).dump(`list links in ${netns}`, query, decodeLink);
  const named = links.flatMap(({ index, name, kind }) => (name && index !== LOOPBACK ? [{ name, kind }] : []));
  const { veths = [], others = [] } = Object.groupBy(named, ({ kind }) => (kind === 'veth' ? 'veths' : 'others'));
  const names = (some: readonly { readonly name: string }[]): string[] => some.map(({ name }) => name);
  const outcomes = await unlinker.now(netns, names(veths), session);
  const refused = outcomes.find((outcome) => outcome !== undefined);
  if (refused) throw refused;
  unlinker.later(netns, names(others));
}

/** Throws KernelError. */
export async function applyNetnsOp(op: OpOn<Netns>, session: Session, unlinker: Unlinker): Promise<void> {
  const { netns } = op.object;
  if (netns === 'host') throw new KernelError(describe(op), EINVAL, 'it is the one that the process runs in');
  if (op.kind === 'create') createNetns(netns);
  if (op.kind !== 'delete') return;
  if (isNetns(netns)) await empty(netns, session, unlinker);
  session.sockets.close(netns);
  deleteNetns(netns);
}
