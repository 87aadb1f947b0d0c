/** The cluster's networks as a graph: nodes, the containers on them, the networks that these are on. */
import type { NetworkEndpoint } from '../api/network-endpoint.ts';
import type { Network } from '../api/network.ts';
import type { NodePeer } from '../api/node-peer.ts';
import { prefixAddress } from '../net/address.ts';
import { containerName, subnetsOf } from './network-inspect.ts';

export interface Topology {
  readonly nodes: readonly TopologyNode[];
  readonly networks: readonly TopologyNetwork[];
}
export interface TopologyNode {
  readonly name: string;
  /** Its tunnel address; empty while its agent has not said. */
  readonly address: string;
  readonly containers: readonly TopologyContainer[];
  /** Names of the networks that it has joined. */
  readonly networks: readonly string[];
}
export interface TopologyContainer {
  readonly id: string;
  readonly name: string;
  readonly interfaces: readonly TopologyInterface[];
}
export interface TopologyInterface {
  readonly name: string;
  readonly address: string;
  readonly network: string;
}
export interface TopologyNetwork {
  readonly name: string;
  readonly subnet: string;
  readonly vni: number;
  readonly encrypted: boolean;
}

export interface TopologyInput {
  readonly networks: readonly Network[];
  readonly endpoints: readonly NetworkEndpoint[];
  readonly peers: readonly NodePeer[];
}

/** A node that only an endpoint names is drawn too: that it has no NodePeer is worth seeing. */
export function topologyOf({ networks, endpoints, peers }: TopologyInput): Topology {
  const names = new Set([...peers.map((peer) => peer.metadata.name), ...endpoints.map((one) => one.spec.nodeName)]);
  const nodes = [...names].toSorted(inOrder).map((name) => {
    const here = endpoints.filter((endpoint) => endpoint.spec.nodeName === name);
    const status = peers.find((peer) => peer.metadata.name === name)?.status;
    const joined = new Set([...(status?.networks ?? []), ...here.map((endpoint) => endpoint.spec.network)]);
    return { name, address: status?.vteps[0] ?? '', containers: containersOf(here), networks: [...joined].toSorted() };
  });
  return { nodes, networks: networks.map(networkOf).toSorted((a, b) => inOrder(a.name, b.name)) };
}

/** `n2` before `n10`. */
const inOrder = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

const networkOf = (network: Network): TopologyNetwork => ({
  name: network.metadata.name,
  subnet: subnetsOf(network)
    .map((subnet) => subnet.cidr)
    .join(', '),
  vni: network.status.vni ?? 0,
  encrypted: network.spec.encrypted,
});

function containersOf(endpoints: readonly NetworkEndpoint[]): readonly TopologyContainer[] {
  const byId = Map.groupBy(endpoints, (endpoint) => endpoint.spec.containerID);
  return [...byId]
    .flatMap(([id, [first, ...rest]]) => {
      if (first === undefined) return [];
      const interfaces = [first, ...rest].map(interfaceOf).toSorted((a, b) => inOrder(a.name, b.name));
      return [{ id, name: containerName(first).replace(/^default\//, ''), interfaces }];
    })
    .toSorted((a, b) => inOrder(a.name, b.name));
}

const interfaceOf = ({ spec }: NetworkEndpoint): TopologyInterface => ({
  name: spec.interface,
  address: spec.addresses.map(prefixAddress).join(' '),
  network: spec.network,
});

/** No more containers a node than fit a terminal; one more line tells how many are left out. */
export function withAtMost(topology: Topology, containers: number): Topology {
  const nodes = topology.nodes.map((node) => {
    const left = node.containers.length - containers;
    if (left <= 0) return node;
    const rest = { id: `${node.name}/rest`, name: `… and ${left} more`, interfaces: [] };
    return { ...node, containers: [...node.containers.slice(0, containers), rest] };
  });
  return { ...topology, nodes };
}
