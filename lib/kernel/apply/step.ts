/** A plan in steps: ops that are carried out together. */
import type { KernelObject, Link, Netns, NetnsRef, Sysctl, Veth } from '../../dataplane/object.ts';
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
  /** Veths that were made or changed in an earlier step, whose other ends are completed in this one, before its ops. */
  readonly ends: readonly OpOn<Veth>[];
  readonly ops: readonly Op[];
}

const isNft = (object: KernelObject): object is NftObject =>
  object.kind === 'nft-table' || object.kind === 'nft-element';
const isLink = ({ kind }: KernelObject): boolean => kind === 'bridge' || kind === 'vxlan' || kind === 'veth';

export const isNetnsOp = (op: Op): op is OpOn<Netns> => op.object.kind === 'netns';
export const isSysctlOp = (op: Op): op is OpOn<Sysctl> => op.object.kind === 'sysctl';
export const isNftOp = (op: Op): op is NftOp => isNft(op.object) && (op.kind !== 'change' || isNft(op.from));
export const isUnlinkOp = (op: Op): op is UnlinkOp => op.kind === 'delete' && isLink(op.object);
export const isVethOp = (op: Op): op is OpOn<Veth> => op.object.kind === 'veth';
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
  readonly ends: OpOn<Veth>[];
  readonly ops: Op[];
  readonly touched: Set<NetnsRef>;
}

/** A longer step would hold up the event loop while its requests are put together. */
const LONGEST = 250;

/** What one op does at one place. */
interface Part {
  readonly lane: Lane;
  readonly netns: NetnsRef;
  readonly touched: readonly NetnsRef[];
}

/** The draft that a part can still join: no later one touches a namespace of the part's, so that there the order stays. */
function joinable(drafts: readonly Draft[], { lane, netns, touched }: Part): Draft | undefined {
  const at = drafts.findLastIndex((draft) => draft.lane === lane && draft.netns === netns);
  const isOvertaking = drafts.slice(at + 1).some((draft) => touched.some((one) => draft.touched.has(one)));
  const draft = drafts[at];
  return isOvertaking || draft?.ops.length === LONGEST ? undefined : draft;
}

function draftFor(drafts: Draft[], part: Part): Draft {
  const draft = joinable(drafts, part) ?? addDraft(drafts, part);
  for (const netns of part.touched) draft.touched.add(netns);
  return draft;
}

function addDraft(drafts: Draft[], { lane, netns }: Part): Draft {
  const draft: Draft = { lane, netns, ends: [], ops: [], touched: new Set() };
  drafts.push(draft);
  return draft;
}

/** As few steps as the order allows: it counts among the ops of a namespace, and not between namespaces. */
export function stepsOf(ops: readonly Op[]): Step[] {
  const drafts: Draft[] = [];
  for (const op of ops) {
    draftFor(drafts, { lane: laneOf(op), netns: socketOf(op), touched: touchedBy(op) }).ops.push(op);
    if (!isVethOp(op) || op.kind === 'delete') continue;
    const { netns } = op.object.peer;
    const end: Part = { lane: 'route', netns, touched: [netns] };
    // Ends come first in their step, so that of a pair within one namespace cannot be in the same.
    if (netns === op.object.netns) addDraft(drafts, end);
    draftFor(drafts, end).ends.push(op);
  }
  return drafts.map(({ lane, netns, ends, ops: joined }) => ({ lane, netns, ends, ops: joined }));
}

/**
 * Steps that can be under way at the same time. Rules come before links, but elements of a set only open a way for a container's
 * own addresses: without them its frames are dropped.
 */
export function wavesOf(steps: readonly Step[]): Step[][] {
  const waves: Step[][] = [];
  for (const step of steps) {
    const last = waves.at(-1);
    const [before] = last ?? [];
    // First, because reading the sets holds up the event loop for a moment.
    if (step.lane === 'route' && last?.length === 1 && before && isOpening(before)) last.unshift(step);
    else waves.push([step]);
  }
  return waves;
}

const isOpening = ({ lane, ops }: Step): boolean =>
  lane === 'nft' && ops.every(({ kind, object }) => kind === 'create' && object.kind === 'nft-element');
