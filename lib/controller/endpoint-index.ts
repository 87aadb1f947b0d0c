/** Endpoints by network, kept up to date change by change: there may be tens of thousands. */
import type { AllocatedSubnet } from '../api/network.ts';
import type { NetworkEndpoint } from '../api/network-endpoint.ts';
import type { Change } from '../kube/cache.ts';
import { type Prefix, prefixAddress, prefixContains } from '../net/address.ts';
import type { Usage } from './network-status.ts';

export interface EndpointIndex {
  /** Returns the networks that the change concerns. */
  observe(change: Change<NetworkEndpoint>): readonly string[];
  usageOf(network: string): Usage;
}

interface Members {
  readonly endpoints: Map<string, NetworkEndpoint>;
  /** How many on each node. */
  readonly nodes: Map<string, number>;
}

const EXAMPLES = 3;

export function createEndpointIndex(): EndpointIndex {
  const byNetwork = new Map<string, Members>();
  const remove = (endpoint: NetworkEndpoint): void => {
    const members = byNetwork.get(endpoint.spec.network);
    if (!members?.endpoints.delete(endpoint.metadata.name)) return;
    count(members.nodes, endpoint.spec.nodeName, -1);
    if (members.endpoints.size === 0) byNetwork.delete(endpoint.spec.network);
  };
  const add = (endpoint: NetworkEndpoint): void => {
    const members = byNetwork.get(endpoint.spec.network) ?? { endpoints: new Map(), nodes: new Map() };
    byNetwork.set(endpoint.spec.network, members);
    members.endpoints.set(endpoint.metadata.name, endpoint);
    count(members.nodes, endpoint.spec.nodeName, 1);
  };
  return {
    observe: ({ type, object, old }) => {
      remove(old ?? object);
      if (type !== 'deleted') add(object);
      return [...new Set([object.spec.network, (old ?? object).spec.network])];
    },
    usageOf: (network) => usageFrom(byNetwork.get(network)),
  };
}

function count(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}

function usageFrom(members: Members | undefined): Usage {
  const endpoints = members?.endpoints ?? new Map<string, NetworkEndpoint>();
  return {
    endpoints: endpoints.size,
    nodes: members?.nodes.size ?? 0,
    assigned: (subnets) => countAssigned(endpoints, subnets),
    examples: () => [...endpoints.values()].slice(0, EXAMPLES).map(describe),
  };
}

/** Every endpoint, but for subnets with a range: there, addresses outside of it are on top. */
function countAssigned(endpoints: ReadonlyMap<string, NetworkEndpoint>, subnets: readonly AllocatedSubnet[]): number {
  const ranges = subnets.filter((subnet) => subnet.ipRange !== undefined);
  if (ranges.length === 0) return endpoints.size;
  return [...endpoints.values()].filter((endpoint) => !isOutside(endpoint, ranges)).length;
}

function isOutside({ spec }: NetworkEndpoint, ranges: readonly AllocatedSubnet[]): boolean {
  const [claim] = spec.addresses;
  if (claim === undefined) return false;
  const ip = prefixAddress(claim);
  const subnet = ranges.find(({ cidr }) => prefixContains(cidr, ip));
  return subnet !== undefined && !prefixContains(subnet.ipRange as Prefix, ip);
}

const describe = ({ metadata, spec }: NetworkEndpoint): string =>
  `${spec.pod ? `pod ${spec.pod.namespace}/${spec.pod.name}` : `endpoint ${metadata.name}`} on node ${spec.nodeName}`;
