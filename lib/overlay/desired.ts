/** What one overlay network consists of on one node: a namespace with a bridge, a VXLAN device and the node's endpoints. */
import type { AllocatedSubnet } from '../api/network.ts';
import { antispoofTable } from '../dataplane/antispoof.ts';
import { settleLocal, takenBy } from '../dataplane/claims.ts';
import { attachEndpoint, type LocalEndpoint } from '../dataplane/endpoint.ts';
import type { NftChain, NftRule } from '../dataplane/nft.ts';
import { accept, counter, drop, equals, meta, payload, rule, setPayload } from '../dataplane/nft-rule.ts';
import type { KernelObject, NetnsRef, Sysctl } from '../dataplane/object.ts';
import { NETWORK_BRIDGE, NETWORK_VXLAN, networkNetns } from '../dataplane/owner.ts';
import { family, type IpAddress, makeHostPrefix, prefixAddress, prefixContains, prefixLength } from '../net/address.ts';
import { type Mac, macFromBytes, macFromIp } from '../net/mac.ts';
import type { Vni } from '../net/vni.ts';
import { type RemoteEndpoint, settleRemote } from './claims.ts';

export interface NetworkInput {
  /** Where namespaces have their names: `/run/netns`. */
  readonly netnsDir: string;
  readonly vni: Vni;
  readonly mtu: number;
  /** UDP port of the tunnel; an encrypted network has one of its own. */
  readonly port: number;
  /** This node's own tunnel address. */
  readonly vtep: IpAddress;
  readonly subnets: readonly AllocatedSubnet[];
  readonly local: readonly LocalEndpoint[];
  readonly remote: readonly RemoteEndpoint[];
}

const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** Nothing at all without an endpoint on this node. */
export function desiredNetwork(input: NetworkInput): KernelObject[] {
  const gateways = input.subnets.map((subnet) => subnet.gateway);
  const reserved = { macs: new Set([tunnelMac(input.vni), ...gateways.map(macFromIp)]), ips: new Set(gateways) };
  const local = settleLocal(input.local, reserved);
  if (local.length === 0) return [];
  const remote = settleRemote(input.remote, takenBy(local, reserved));
  const netns = networkNetns(input.netnsDir, input.vni);
  return [
    ...segment(netns, input),
    ...local.flatMap((endpoint) => localObjects(endpoint, netns, input)),
    ...remote.flatMap((endpoint) => remoteObjects(endpoint, netns)),
  ];
}

/** No frame bears it, since the device is a bridge port; outside the range that addresses map to, so no endpoint has it. */
const tunnelMac = (vni: Vni): Mac => macFromBytes(Uint8Array.of(0x02, 0x57, 0, vni >> 16, vni >> 8, vni));

/** The network without its endpoints. */
function segment(netns: NetnsRef, { vni, mtu, port, vtep, subnets }: NetworkInput): KernelObject[] {
  const fromTunnel = rule('checked where it was sent', equals(meta('iifname'), NETWORK_VXLAN), accept);
  const guard = antispoofTable(netns, 'drop', fromTunnel, askEverybody());
  const mac = macFromIp(subnets[0]?.gateway ?? vtep);
  return [
    { kind: 'netns', netns },
    ...sysctls(netns, subnets),
    { ...guard, chains: [...guard.chains, tunnelChain()] },
    { kind: 'bridge', netns, name: NETWORK_BRIDGE, mac, mtu },
    { kind: 'vxlan', netns, name: NETWORK_VXLAN, mac: tunnelMac(vni), mtu, vni, port, local: vtep },
    tunnelPort(netns),
    ...subnets.map((subnet) => gatewayAddress(netns, subnet)),
  ];
}

/**
 * The bridge answers for remote endpoints, but only what is asked of everybody: a probe to a MAC that is known (RFC 1122 section
 * 2.3.2.1) would go to the endpoint through the tunnel. Made a broadcast, it is answered here.
 */
const askEverybody = (): NftRule =>
  rule(
    'answered on this node',
    equals(payload('arp', 'operation'), 'request'),
    setPayload('ether', 'daddr', BROADCAST),
  );

/** What is left are announcements and answers that nobody asked for. */
function tunnelChain(): NftChain {
  const arp = equals(payload('ether', 'type'), 'arp');
  const rules = [rule('no ARP in the tunnel', equals(meta('oifname'), NETWORK_VXLAN), arp, counter, drop)];
  return { name: 'forward', type: 'filter', hook: 'forward', priority: -300, policy: 'accept', rules };
}

/** A new namespace inherits the host's forwarding; with it the gateway address would join subnets that are to stay apart. */
function sysctls(netns: NetnsRef, subnets: readonly AllocatedSubnet[]): Sysctl[] {
  const hasSix = subnets.some((subnet) => family(subnet.cidr) === 6);
  const values = {
    'net/ipv4/ip_forward': '0',
    'net/ipv6/conf/all/disable_ipv6': hasSix ? '0' : '1',
    'net/ipv6/conf/default/disable_ipv6': hasSix ? '0' : '1',
    'net/ipv6/conf/default/accept_ra': '0',
  };
  return Object.entries(values).map(([key, value]) => ({ kind: 'sysctl', netns, key, value }));
}

/** Nothing is flooded into the tunnel: every remote endpoint is known, and its ARP and neighbour discovery answered here. */
function tunnelPort(netns: NetnsRef): KernelObject {
  const flags = { learning: false, locked: false, isolated: false, neighSuppress: true, hairpin: false };
  const floods = { flood: false, mcastFlood: false, bcastFlood: false };
  return { kind: 'port', netns, name: NETWORK_VXLAN, master: NETWORK_BRIDGE, ...flags, ...floods };
}

function gatewayAddress(netns: NetnsRef, { cidr, gateway }: AllocatedSubnet): KernelObject {
  return { kind: 'address', netns, link: NETWORK_BRIDGE, address: makeHostPrefix(gateway, prefixLength(cidr)) };
}

/** One segment carries all subnets of the network: those beside the endpoint's own are on-link for it too. */
export function localObjects(endpoint: LocalEndpoint, netns: NetnsRef, { mtu, subnets }: NetworkInput): KernelObject[] {
  const own = endpoint.addresses.map(prefixAddress);
  const beside = subnets.filter(({ cidr }) => {
    const sameFamily = own.some((ip) => family(ip) === family(cidr));
    return sameFamily && !own.some((ip) => prefixContains(cidr, ip));
  });
  return [
    ...attachEndpoint(endpoint, { netns, bridge: NETWORK_BRIDGE, mtu, isolated: false }),
    ...beside.map(
      ({ cidr }) => ({ kind: 'route', netns: endpoint.sandbox, dst: cidr, link: endpoint.ifname }) as const,
    ),
  ];
}

/** Neighbour: IP to MAC, where the bridge looks when it answers ARP. FDB: MAC to port, and on that port MAC to VTEP. */
function remoteObjects({ mac, addresses, vtep }: RemoteEndpoint, netns: NetnsRef): KernelObject[] {
  return [
    ...addresses.map((address) => {
      return { kind: 'neighbour', netns, link: NETWORK_BRIDGE, ip: prefixAddress(address), mac } as const;
    }),
    { kind: 'fdb-self', netns, link: NETWORK_VXLAN, mac, vtep },
    { kind: 'fdb-master', netns, link: NETWORK_VXLAN, mac },
  ];
}
