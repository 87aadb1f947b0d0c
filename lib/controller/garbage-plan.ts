/** What nobody owns any more. */
import type { NetworkEndpoint } from '../api/network-endpoint.ts';
import type { NodePeer } from '../api/node-peer.ts';
import type { Claim } from './claim.ts';

/** Claims whose holder is not among those that exist. Each is a suspicion: our copy may be older than the claim. */
export const orphanedClaims = (
  claims: readonly Claim[],
  holders: Readonly<Record<Claim['holder']['kind'], ReadonlySet<string>>>,
): readonly Claim[] => claims.filter(({ holder }) => !holders[holder.kind].has(holder.uid));

export interface EndpointGarbage {
  /** Their node has been gone for the whole grace period. */
  readonly expired: readonly NetworkEndpoint[];
  /** Nodes that endpoints name and that are not there, with the time in ms when that was first seen. */
  readonly missingSince: ReadonlyMap<string, number>;
}

/** A node that comes back within the grace period keeps its endpoints. */
export function orphanedEndpoints(
  endpoints: readonly NetworkEndpoint[],
  nodes: ReadonlySet<string>,
  before: ReadonlyMap<string, number>,
  { now, graceMs }: { readonly now: number; readonly graceMs: number },
): EndpointGarbage {
  const orphans = endpoints.filter(({ spec }) => !nodes.has(spec.nodeName));
  const missingSince = new Map(orphans.map(({ spec }) => [spec.nodeName, before.get(spec.nodeName) ?? now]));
  const expired = orphans.filter(({ spec }) => now - (missingSince.get(spec.nodeName) ?? now) >= graceMs);
  return { expired, missingSince };
}

/**
 * Endpoints of pods on networks that the agent of their node says it has not joined, with the time in ms since when that is so.
 * Nothing on that node has their addresses. A node whose agent has said nothing may use anything.
 */
export function unusedEndpoints(
  endpoints: readonly NetworkEndpoint[],
  peers: readonly NodePeer[],
  before: ReadonlyMap<string, number>,
  now: number,
): ReadonlyMap<NetworkEndpoint, number> {
  const joined = new Map(
    peers
      .filter(({ status }) => status.incarnation !== undefined)
      .map(({ metadata, status }) => [metadata.name, new Set(status.networks)]),
  );
  const unused = endpoints.filter(
    ({ spec }) => spec.pod !== undefined && joined.get(spec.nodeName)?.has(spec.network) === false,
  );
  return new Map(unused.map((endpoint) => [endpoint, before.get(endpoint.metadata.uid) ?? now]));
}
