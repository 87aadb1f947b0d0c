/** What is to be done for one Network, decided from what is known of it. */
import type { AddressPool } from '../api/address-pool.ts';
import { FINALIZER_IN_USE } from '../api/meta.ts';
import { vniClaimName } from '../api/network-claim.ts';
import { pickVni } from '../ipam/pools.ts';
import type { Vni } from '../net/vni.ts';
import { type Claim, claimedPrefix, claimedVni, inOrderOfCreation, type Problem, type WantedClaim } from './claim.ts';
import { checkNetwork } from './network-check.ts';
import { type Allocation, type Usage, deletingStatus, networkStatus, type StatusChange } from './network-status.ts';
import type { ReadableNetwork } from './readable-network.ts';
import type { Recorded } from './recorded.ts';
import { decideSubnets, type SubnetDecision } from './subnet-plan.ts';
import type { Taken } from './taken.ts';

export interface NetworkFacts {
  readonly network: ReadableNetwork;
  /** What its status says, as far as it may be relied on. */
  readonly recorded: Recorded;
  /** Held by this network's uid. */
  readonly claims: readonly Claim[];
  /** Of purpose `network`, in order of use. */
  readonly pools: readonly AddressPool[];
  readonly taken: Taken;
  /** Whose claim has this name, when that is somebody else. */
  readonly otherHolder: (claimName: string) => string | undefined;
  readonly usage: Usage;
  /** What its subnets overlap with outside of it: allowed, but the user should know. */
  readonly overlap: Problem | undefined;
  /** What the underlay leaves for a packet; undefined while it is not known. */
  readonly tunnelMtu: number | undefined;
  readonly now: Date;
}

export type NetworkOp =
  | { readonly kind: 'add-finalizer' }
  | { readonly kind: 'reset-status' }
  | { readonly kind: 'claim'; readonly claim: WantedClaim }
  | { readonly kind: 'release'; readonly claim: Claim }
  | { readonly kind: 'write-status'; readonly change: StatusChange }
  /** Only when the API server confirms that nothing uses the network. */
  | { readonly kind: 'let-go' };

/**
 * In order. A plan that claims ends there: what comes after depends on whether the claims were granted, so the plan is made again.
 * Empty when everything is as it should be.
 */
export function planNetwork(facts: NetworkFacts): readonly NetworkOp[] {
  const { network } = facts;
  const hasFinalizer = network.metadata.finalizers?.includes(FINALIZER_IN_USE) ?? false;
  if (network.metadata.deletionTimestamp !== undefined) return hasFinalizer ? planDeletion(facts) : [];
  if (!hasFinalizer) return [{ kind: 'add-finalizer' }];
  if (network.hasUnreadableStatus) return [{ kind: 'reset-status' }];
  const problem = checkNetwork(network, facts.recorded.vni);
  if (problem) return statusOps(facts, { kind: 'refused', problem });
  return planAllocation(facts);
}

/** Claims go when the Network is gone: until then its VNI and subnets are not free. */
function planDeletion(facts: NetworkFacts): readonly NetworkOp[] {
  if (facts.usage.endpoints === 0) return [{ kind: 'let-go' }];
  return asOps(deletingStatus(facts));
}

function planAllocation(facts: NetworkFacts): readonly NetworkOp[] {
  const subnets = decidePooledSubnets(facts);
  const vni = decideVni(facts);
  const missing = [...subnets.missing, ...vni.missing];
  const lost = missing.map((claim) => lostProblem(facts, claim)).find((problem) => problem !== undefined);
  const problem = lost ?? vni.problem ?? subnets.problem;
  if (problem) return statusOps(facts, { kind: 'failed', problem });
  if (missing.length > 0) return missing.map((claim) => ({ kind: 'claim', claim }));
  if (vni.vni === undefined) throw new Error('a VNI was neither chosen nor refused');
  const written = statusOps(facts, { kind: 'allocated', pooled: subnets.subnets, vni: vni.vni });
  // Only what the recorded status does without may be given back: it is what everyone else goes by.
  if (written.length > 0) return written;
  return [...subnets.surplus, ...vni.surplus].map((claim) => ({ kind: 'release', claim }));
}

/** Subnets that the spec names are not claimed: networks may overlap on purpose. */
function decidePooledSubnets({ network, recorded, claims, pools, taken }: NetworkFacts): SubnetDecision {
  const current = recorded.subnets;
  const held = claims.filter((claim) => claimedPrefix(claim) !== undefined);
  if (current.length === 0 && network.spec.subnets.length > 0)
    return { subnets: [], missing: [], surplus: held, problem: undefined };
  return decideSubnets({ current, held, pools, taken: taken.subnets });
}

interface VniDecision {
  readonly vni: Vni | undefined;
  readonly missing: readonly WantedClaim[];
  readonly surplus: readonly Claim[];
  readonly problem: Problem | undefined;
}

function decideVni({ network, recorded, claims, taken }: NetworkFacts): VniDecision {
  const held = inOrderOfCreation(claims.filter((claim) => claimedVni(claim) !== undefined));
  const fixed = recorded.vni ?? network.spec.vni ?? (held[0] && claimedVni(held[0]));
  const picked = fixed === undefined ? pickVni(taken.vnis) : { ok: true as const, value: fixed };
  if (!picked.ok) {
    return {
      vni: undefined,
      missing: [],
      surplus: [],
      problem: { reason: 'VNIsExhausted', message: picked.error.message },
    };
  }
  const vni = picked.value;
  const isHeld = held.some((claim) => claimedVni(claim) === vni && claim.uid !== undefined);
  const wanted = { name: vniClaimName(vni), value: String(vni), pool: undefined };
  const surplus = held.filter((claim) => claimedVni(claim) !== vni);
  return { vni, missing: isHeld ? [] : [wanted], surplus, problem: undefined };
}

/** What this network asks for by value, or has used so far, and somebody else holds. */
function lostProblem(facts: NetworkFacts, claim: WantedClaim): Problem | undefined {
  const holder = facts.otherHolder(claim.name);
  if (holder === undefined) return undefined;
  const isVni = claimedPrefix(claim) === undefined;
  const message = isVni
    ? `VNI ${claim.value} is held by ${holder}: choose another one, or leave spec.vni out`
    : `subnet ${claim.value} is held by ${holder}: delete this Network and create it again`;
  return { reason: isVni ? 'VNITaken' : 'SubnetTaken', message };
}

const statusOps = (facts: NetworkFacts, allocation: Allocation): readonly NetworkOp[] =>
  asOps(networkStatus(facts, allocation));

const asOps = (change: StatusChange | undefined): readonly NetworkOp[] =>
  change ? [{ kind: 'write-status', change }] : [];
