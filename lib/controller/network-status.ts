/** The status of a Network as it should be, and the change that brings it there. */
import type { Condition } from '../api/meta.ts';
import type { AllocatedSubnet, Network, SubnetSpec } from '../api/network.ts';
import { networkCapacity } from '../ipam/address.ts';
import { type EventText } from '../kube/events.ts';
import { findCondition, mergePatchOf, setConditions, type Verdict } from '../kube/status.ts';
import { family, type IpAddress, ipFromNumber, type Prefix, prefixContains, prefixFirst } from '../net/address.ts';
import type { Vni } from '../net/vni.ts';
import type { Problem } from './claim.ts';

/** Who is on a network. */
export interface Usage {
  readonly endpoints: number;
  readonly nodes: number;
  /** How many of the endpoints have an address that would otherwise be given out. */
  readonly assigned: (subnets: readonly AllocatedSubnet[]) => number;
  /** The first few, for people: `pod default/web-1 on node n1`. */
  readonly examples: () => readonly string[];
}

export type Allocation =
  /** The spec cannot be carried out; what was given out before stays. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** The spec is fine, but something it needs is not to be had. */
  | { readonly kind: 'failed'; readonly problem: Problem }
  | { readonly kind: 'allocated'; readonly pooled: readonly Prefix[]; readonly vni: Vni };

export interface StatusChange {
  /** JSON merge patch of the status. */
  readonly patch: object;
  /** For people, when the change is news to them. */
  readonly news: EventText | undefined;
}

/** What the status tells of, besides what was allocated. */
export interface StatusFacts {
  readonly network: Network;
  readonly usage: Usage;
  readonly overlap: Problem | undefined;
  readonly tunnelMtu: number | undefined;
  readonly now: Date;
}

/** Undefined when the status is as it should be. */
export function networkStatus(facts: StatusFacts, allocation: Allocation): StatusChange | undefined {
  const { network, usage, now } = facts;
  const given =
    allocation.kind === 'allocated'
      ? { subnets: allocatedSubnets(network, allocation.pooled), vni: allocation.vni, mtu: mtuOf(facts) }
      : {};
  const subnets = given.subnets ?? network.status.subnets ?? [];
  const wanted = { ...given, ...usageFields(subnets, usage) };
  return statusChange(network, wanted, verdictsOf(facts, allocation, subnets), now);
}

/** The spec's, unless the underlay leaves less. */
function mtuOf({ network, tunnelMtu }: StatusFacts): number | undefined {
  const most = tunnelMtu ?? network.status.mtu;
  return network.spec.mtu === undefined ? most : Math.min(network.spec.mtu, tunnelMtu ?? network.spec.mtu);
}

/** The status of a Network that waits for its endpoints to go. */
export function deletingStatus({ network, usage, now }: StatusFacts): StatusChange | undefined {
  const examples = usage.examples();
  const more = usage.endpoints > examples.length ? ` and ${usage.endpoints - examples.length} more` : '';
  const message = `deleted, but in use by ${examples.join(', ')}${more}: remove them and the Network goes`;
  const verdict: Verdict = { type: 'Ready', status: 'False', reason: 'InUse', message };
  return statusChange(network, usageFields(network.status.subnets ?? [], usage), [verdict], now);
}

function usageFields(subnets: readonly AllocatedSubnet[], usage: Usage) {
  const available = Math.max(0, networkCapacity(subnets) - usage.assigned(subnets));
  return { endpoints: usage.endpoints, nodes: usage.nodes, available };
}

function statusChange(
  network: Network,
  wanted: object,
  verdicts: readonly Verdict[],
  now: Date,
): StatusChange | undefined {
  const { generation } = network.metadata;
  const conditions = setConditions(network.status.conditions, verdicts, { generation, now });
  const patch = mergePatchOf(network.status, { ...wanted, conditions, observedGeneration: generation });
  return patch && { patch, news: newsOf(network.status.conditions, verdicts) };
}

function verdictsOf(
  { network, overlap }: StatusFacts,
  allocation: Allocation,
  subnets: readonly AllocatedSubnet[],
): readonly Verdict[] {
  if (allocation.kind === 'refused') return refusals(['Accepted', 'Ready'], allocation.problem);
  const accepted: Verdict = {
    type: 'Accepted',
    status: 'True',
    reason: 'Valid',
    message: 'the spec can be carried out',
  };
  if (allocation.kind === 'failed') return [accepted, ...refusals(['Allocated', 'Ready'], allocation.problem)];
  const message = `subnet ${subnets.map((subnet) => subnet.cidr).join(', ')}; VNI ${allocation.vni}`;
  const allocated: Verdict = { type: 'Allocated', status: 'True', reason: 'Allocated', message };
  return [accepted, allocated, readyVerdict(overlap), ...overlapVerdicts(network, overlap)];
}

const refusals = (types: readonly string[], problem: Problem): readonly Verdict[] =>
  types.map((type) => ({ type, status: 'False', ...problem }));

/** An overlap is no obstacle, but its word stands where `kubectl get` shows it. */
const readyVerdict = (overlap: Problem | undefined): Verdict => ({
  ...{ type: 'Ready', status: 'True' },
  reason: overlap?.reason ?? 'Ready',
  message: overlap === undefined ? 'containers can attach' : `containers can attach, but ${overlap.message}`,
});

/** A network that overlaps nothing, and never did, needs no word about it. */
function overlapVerdicts({ status }: Network, overlap: Problem | undefined): readonly Verdict[] {
  if (overlap) return [{ type: OVERLAP, status: 'True', ...overlap }];
  if (!findCondition(status.conditions, OVERLAP)) return [];
  return [{ type: OVERLAP, status: 'False', reason: 'None', message: 'the subnets overlap nothing that is known' }];
}
const OVERLAP = 'Overlap';

/** A word to the user when readiness or its reason changed. */
function newsOf(before: readonly Condition[] | undefined, verdicts: readonly Verdict[]): EventText | undefined {
  const ready = verdicts.find((verdict) => verdict.type === 'Ready');
  const old = findCondition(before, 'Ready');
  if (!ready || (old?.status === ready.status && old.reason === ready.reason)) return undefined;
  if (ready.status !== 'True' || ready.reason !== 'Ready') {
    return { type: 'Warning', reason: ready.reason, message: ready.message };
  }
  const allocated = verdicts.find((verdict) => verdict.type === 'Allocated');
  return { type: 'Normal', reason: 'Allocated', message: allocated?.message ?? ready.message };
}

/** Those from pools, then those that the spec names; each with its gateway. */
function allocatedSubnets({ spec, status }: Network, pooled: readonly Prefix[]): AllocatedSubnet[] {
  const gateways = new Map((status.subnets ?? []).map(({ cidr, gateway }) => [cidr, gateway]));
  const subnets = [...pooled.map((cidr) => ({ cidr })), ...spec.subnets];
  return subnets.map((subnet) => withGateway(subnet, gateways.get(subnet.cidr)));
}

/** The first address that is not reserved, as Docker has it; one that was decided earlier stays. */
function withGateway(subnet: SubnetSpec, decided?: IpAddress): AllocatedSubnet {
  if (subnet.gateway !== undefined) return { ...subnet, gateway: subnet.gateway };
  if (decided !== undefined && prefixContains(subnet.cidr, decided)) return { ...subnet, gateway: decided };
  const reserved = new Set(Object.values(subnet.reserved ?? {}));
  const base = prefixFirst(subnet.cidr);
  for (let offset = 1n; ; offset++) {
    const gateway = ipFromNumber(family(subnet.cidr), base + offset);
    if (!reserved.has(gateway)) return { ...subnet, gateway };
  }
}
