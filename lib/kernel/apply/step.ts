/** A plan in steps: ops that are carried out together. */
import type { KernelObject, Link, Netns, NetnsRef, Sysctl } from '../../dataplane/object.ts';
import type { Op } from '../../dataplane/op.ts';
import type { NftObject, NftOp } from '../nft/contract.ts';

/** How ops reach the kernel. Links are deleted apart from the rest of rtnetlink, because the kernel takes its time over it. */
export type Lane = 'netns' | 'sysctl' | 'nft' | 'unlink' | 'route';

export type OpOn<Object extends KernelObject> = Op & { readonly object: Object };
export type RouteObject = Exclude<KernelObject, Netns | Sysctl | NftObject>;
export interface UnlinkOp {
  readonly kind: 'delete';
  readonly object: Link;
}

export interface Step {
  readonly lane: Lane;
  /** The namespace whose socket the step needs. */
  readonly netns: NetnsRef;
  readonly ops: readonly Op[];
}

const isNft = (object: KernelObject): object is NftObject =>
  object.kind === 'nft-table' || object.kind === 'nft-element';
const isLink = ({ kind }: KernelObject): boolean => kind === 'bridge' || kind === 'vxlan' || kind === 'veth';

export const isNetnsOp = (op: Op): op is OpOn<Netns> => op.object.kind === 'netns';
export const isSysctlOp = (op: Op): op is OpOn<Sysctl> => op.object.kind === 'sysctl';
export const isNftOp = (op: Op): op is NftOp => isNft(op.object) && (op.kind !== 'change' || isNft(op.from));
export const isUnlinkOp = (op: Op): op is UnlinkOp => op.kind === 'delete' && isLink(op.object);
export const isRouteOp = (op: Op): op is OpOn<RouteObject> => laneOf(op) === 'route';

function laneOf(op: Op): Lane {
  if (isNetnsOp(op)) return 'netns';
  if (isSysctlOp(op)) return 'sysctl';
  if (isNft(op.object)) return 'nft';
  return isUnlinkOp(op) ? 'unlink' : 'route';
}

/** A VXLAN device is made from the host, so that its UDP socket is there; everything else from where it is. */
const socketOf = ({ kind, object }: Op): NetnsRef =>
  kind === 'create' && object.kind === 'vxlan' ? 'host' : object.netns;

/** The namespaces in which an op changes something. */
const touchedBy = ({ object }: Op): readonly NetnsRef[] =>
  object.kind === 'veth' ? [object.netns, object.peer.netns] : [object.netns];

/** A step while it is put together. */
interface Draft extends Step {
  readonly ops: Op[];
  readonly touched: Set<NetnsRef>;
}

/** A longer step would hold up the event loop while its requests are put together. */
const LONGEST = 250;

/** The draft that `op` can still join: no later one touches a namespace of the op's, so that there the order stays. */
function joinable(drafts: readonly Draft[], { lane, netns, ops: [op] }: Draft): Draft | undefined {
  const at = drafts.findLastIndex((draft) => draft.lane === lane && draft.netns === netns);
  const isOvertaking = drafts.slice(at + 1).some(({ touched }) => op && touchedBy(op).some((one) => touched.has(one)));
  const draft = drafts[at];
  return isOvertaking || draft?.ops.length === LONGEST ? undefined : draft;
}

/** As few steps as the order allows: it counts among the ops of a namespace, and not between namespaces. */
export function stepsOf(ops: readonly Op[]): Step[] {
  const drafts: Draft[] = [];
  for (const op of ops) {
    const touched = touchedBy(op);
    const draft = { lane: laneOf(op), netns: socketOf(op), ops: [op], touched: new Set(touched) };
    const earlier = joinable(drafts, draft);
    if (!earlier) drafts.push(draft);
    earlier?.ops.push(op);
    for (const netns of touched) earlier?.touched.add(netns);
  }
  return drafts.map(({ lane, netns, ops: joined }) => ({ lane, netns, ops: joined }));
}
