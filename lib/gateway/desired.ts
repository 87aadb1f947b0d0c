/** The node's gateway bridge: eth0 of every pod, the way to the other nodes' pods, and masquerading for what leaves the cluster. */
import { antispoofTable } from '../dataplane/antispoof.ts';
import { settleLocal } from '../dataplane/claims.ts';
import { attachEndpoint, type LocalEndpoint } from '../dataplane/endpoint.ts';
import { accept, differs, meta, rule } from '../dataplane/nft-rule.ts';
import type { KernelObject, Sysctl } from '../dataplane/object.ts';
import { DEVICE_PREFIX, GATEWAY_BRIDGE } from '../dataplane/owner.ts';
import {
  family,
  type IpAddress,
  ipFromNumber,
  makeHostPrefix,
  parsePrefix,
  type Prefix,
  prefixAddress,
  prefixContains,
  prefixFirst,
  prefixLength,
} from '../net/address.ts';
import { macFromIp } from '../net/mac.ts';
import { must } from '../net/result.ts';
import { firewallTable, vtepElement } from './firewall.ts';
import { type GatewayPeer, podNetworkDevice, podNetworkPeers } from './pod-network.ts';

export interface GatewayInput {
  /** The node's own, one per family. Without any there is no gateway bridge. */
  readonly subnets: readonly Prefix[];
  /** Of the bridge, of the pods' eth0 and of the tunnel between nodes. */
  readonly mtu: number;
  /** This node's own tunnel addresses, the one in use first. */
  readonly vteps: readonly IpAddress[];
  /** UDP ports on which only nodes may be heard: VXLAN's in clear and the encrypted networks'. */
  readonly tunnelPorts: readonly number[];
  /** Whether pods reach each other over eth0, on this node and between nodes; Docker's `enable_icc`. */
  readonly icc: boolean;
  /** Docker's `enable_ip_masquerade`. */
  readonly masquerade: boolean;
  readonly endpoints: readonly LocalEndpoint[];
  readonly peers: readonly GatewayPeer[];
}

const DEFAULT_ROUTES: { readonly [of in 4 | 6]: Prefix } = {
  4: must(parsePrefix('0.0.0.0/0')),
  6: must(parsePrefix('::/0')),
};

/** The bridge's own address: the first one of the subnet. */
export const gatewayAddress = (subnet: Prefix): IpAddress => ipFromNumber(family(subnet), prefixFirst(subnet) + 1n);

/** The rules about tunnels hold on every node; the bridge needs a subnet, the pod network `icc` and a VTEP. */
export function desiredGateway(input: GatewayInput): KernelObject[] {
  const { subnets, vteps, tunnelPorts, icc, mtu, peers } = input;
  const known = new Set([...vteps, ...peers.flatMap((peer) => peer.vteps)]);
  return [
    firewallTable({ ports: tunnelPorts, subnets, icc, masquerade: input.masquerade }),
    ...[...known].map(vtepElement),
    ...(subnets.length === 0 ? [] : [...bridge(subnets, mtu), ...podObjects(input)]),
    ...(icc ? podNetwork(input) : []),
  ];
}

function bridge(subnets: readonly Prefix[], mtu: number): KernelObject[] {
  const notOurs = rule('not from a pod', differs(meta('iifname'), `${DEVICE_PREFIX}*`), accept);
  return [
    ...subnets.map(forwarding),
    antispoofTable('host', 'accept', notOurs),
    ...subnets.slice(0, 1).map((subnet) => {
      const mac = macFromIp(gatewayAddress(subnet));
      return { kind: 'bridge', netns: 'host', name: GATEWAY_BRIDGE, mac, mtu } as const;
    }),
    ...subnets.map((subnet) => {
      const address = makeHostPrefix(gatewayAddress(subnet), prefixLength(subnet));
      return { kind: 'address', netns: 'host', link: GATEWAY_BRIDGE, address } as const;
    }),
  ];
}

const forwarding = (subnet: Prefix): Sysctl => {
  const key = family(subnet) === 4 ? 'net/ipv4/ip_forward' : 'net/ipv6/conf/all/forwarding';
  return { kind: 'sysctl', netns: 'host', key, value: '1' };
};

/** What the interfaces of `endpoints` consist of, apart from the bridge. */
export function podObjects({
  endpoints,
  subnets,
  mtu,
  icc,
}: Pick<GatewayInput, 'endpoints' | 'subnets' | 'mtu' | 'icc'>): KernelObject[] {
  const gateways = subnets.map(gatewayAddress);
  const taken = { macs: new Set(gateways.map(macFromIp)), ips: new Set(gateways) };
  return settleLocal(endpoints, taken).flatMap((endpoint) => [
    ...attachEndpoint(endpoint, { netns: 'host', bridge: GATEWAY_BRIDGE, mtu, isolated: !icc }),
    ...endpoint.addresses.flatMap((address): KernelObject[] => {
      const subnet = subnets.find((candidate) => prefixContains(candidate, prefixAddress(address)));
      return subnet === undefined ? [] : [defaultRoute(endpoint, subnet)];
    }),
  ]);
}

const defaultRoute = (endpoint: LocalEndpoint, subnet: Prefix): KernelObject => {
  const at = { netns: endpoint.sandbox, link: endpoint.ifname };
  return { kind: 'route', ...at, dst: DEFAULT_ROUTES[family(subnet)], via: gatewayAddress(subnet) };
};

function podNetwork({ subnets, vteps, mtu, peers }: GatewayInput): KernelObject[] {
  const [vtep] = vteps;
  if (vtep === undefined || subnets.length === 0) return [];
  return [...podNetworkDevice(subnets, vtep, mtu), ...podNetworkPeers(peers, subnets, vtep)];
}
