/** What is to be done for one node: its NodePeer and the subnets of its gateway bridge. */
import { isDeepStrictEqual } from 'node:util';
import type { AddressPool } from '../api/address-pool.ts';
import type { Node } from '../api/core.ts';
import type { NodePeer } from '../api/node-peer.ts';
import type { TakenSubnets } from '../ipam/taken.ts';
import { family, type Prefix } from '../net/address.ts';
import type { Claim, Problem, WantedClaim } from './claim.ts';
import { decideSubnets, type SubnetDecision } from './subnet-plan.ts';

export interface NodeFacts {
  readonly node: Node;
  readonly peer: NodePeer | undefined;
  /** The peer's gateway subnets, as far as they may be relied on. */
  readonly recorded: readonly Prefix[];
  /** What Kubernetes assigned to the node. */
  readonly podCIDRs: readonly Prefix[];
  /** Kubernetes assigns pod CIDRs to nodes in this cluster: one that has none yet will get them. */
  readonly isAssignedByKubernetes: boolean;
  /** Held by the peer's uid. */
  readonly claims: readonly Claim[];
  /** Of purpose `gateway`, in order of use. */
  readonly pools: readonly AddressPool[];
  readonly taken: TakenSubnets;
  readonly otherHolder: (claimName: string) => string | undefined;
}

export type NodeOp =
  | { readonly kind: 'create-peer' }
  /** The node was deleted and came back under its name. */
  | { readonly kind: 'adopt-peer' }
  | { readonly kind: 'claim'; readonly claim: WantedClaim }
  | { readonly kind: 'write-subnets'; readonly subnets: readonly Prefix[] }
  | { readonly kind: 'release'; readonly claim: Claim }
  | { readonly kind: 'report'; readonly problem: Problem };

/** In order; after creating, adopting or claiming the plan is to be made again. */
export function planNode(facts: NodeFacts): readonly NodeOp[] {
  const { node, peer } = facts;
  if (node.metadata.deletionTimestamp !== undefined) return [];
  if (!peer) return [{ kind: 'create-peer' }];
  if (peer.metadata.deletionTimestamp !== undefined) return [];
  if (!isOwnedBy(peer, node)) return [{ kind: 'adopt-peer' }];
  return planSubnets(facts, peer);
}

const isOwnedBy = (peer: NodePeer, node: Node): boolean =>
  peer.metadata.ownerReferences?.some((owner) => owner.kind === 'Node' && owner.uid === node.metadata.uid) ?? false;

function planSubnets(facts: NodeFacts, peer: NodePeer): readonly NodeOp[] {
  const decision = decide(facts, peer);
  const lost = decision.missing.find((claim) => facts.otherHolder(claim.name) !== undefined);
  const problem = lost ? takenProblem(lost, facts.otherHolder(lost.name) ?? '') : decision.problem;
  if (problem) return [{ kind: 'report', problem }];
  if (decision.missing.length > 0) return decision.missing.map((claim) => ({ kind: 'claim', claim }));
  if (!isDeepStrictEqual(peer.spec.gatewaySubnets, decision.subnets)) {
    return [{ kind: 'write-subnets', subnets: decision.subnets }];
  }
  return decision.surplus.map((claim) => ({ kind: 'release', claim }));
}

/** An agent that has started uses its subnets: pods have addresses of them. Until then Kubernetes' word is better than ours. */
function decide(
  { recorded: current, podCIDRs, claims, pools, taken, ...facts }: NodeFacts,
  peer: NodePeer,
): SubnetDecision {
  const isInUse = current.length > 0 && peer.status.incarnation !== undefined;
  const isPodCIDR = current.length > 0 && current.every((prefix) => podCIDRs.includes(prefix));
  if (isPodCIDR || (podCIDRs.length > 0 && !isInUse)) {
    return { subnets: onePerFamily(podCIDRs), missing: [], surplus: claims, problem: undefined };
  }
  if (current.length === 0 && facts.isAssignedByKubernetes) {
    return { subnets: [], missing: [], surplus: [], problem: WAITING };
  }
  return decideSubnets({ current, held: claims, pools, taken });
}

const WAITING: Problem = {
  reason: 'WaitingForPodCIDR',
  message: 'Kubernetes has assigned pod CIDRs to other nodes, but not to this one yet: see the kube-controller-manager',
};

const onePerFamily = (prefixes: readonly Prefix[]): readonly Prefix[] =>
  prefixes.filter((prefix, index) => prefixes.findIndex((other) => family(other) === family(prefix)) === index);

const takenProblem = (claim: WantedClaim, holder: string): Problem => ({
  reason: 'SubnetTaken',
  message: `gateway subnet ${claim.value} is held by ${holder}: drain the node and delete its NodePeer`,
});

/** IP, UDP, VXLAN and the inner Ethernet header (RFC 7348 section 5): 50 bytes, 20 more over IPv6. */
const TUNNEL_BYTES = { 4: 50, 6: 70 } as const;

/** What the smallest underlay of the nodes leaves for a packet in a tunnel; undefined while no node has said. */
export function smallestMtu(peers: readonly NodePeer[]): number | undefined {
  const each = peers.flatMap(({ status: { underlayMTU, vteps } }) =>
    underlayMTU === undefined || vteps[0] === undefined ? [] : [underlayMTU - TUNNEL_BYTES[family(vteps[0])]],
  );
  return each.length === 0 ? undefined : Math.min(...each);
}
