/**
 * The pod network between gateway bridges: one VXLAN device with routes. Everything that a node needs to know of another follows
 * from that node's gateway subnets and VTEP, so nothing has to be exchanged.
 */
import { reachableVtep } from '../dataplane/endpoint.ts';
import type { KernelObject } from '../dataplane/object.ts';
import { POD_NETWORK_LINK } from '../dataplane/owner.ts';
import {
  type Family,
  family,
  type IpAddress,
  ipFromNumber,
  makeHostPrefix,
  type Prefix,
  prefixAddress,
  prefixFirst,
  prefixLength,
} from '../net/address.ts';
import { type Mac, macFromIp } from '../net/mac.ts';
import { POD_NETWORK_VNI } from '../net/vni.ts';

/** UDP port of tunnels in clear: IANA's for VXLAN. */
export const VXLAN_PORT = 4789;

/** Another node, as its NodePeer tells. */
export interface GatewayPeer {
  readonly gatewaySubnets: readonly Prefix[];
  readonly vteps: readonly IpAddress[];
}

/** What the device of a node is called on the wire. */
interface TunnelEnd {
  readonly mac: Mac;
  /** The network address of each gateway subnet: no pod ever gets it. */
  readonly addresses: readonly IpAddress[];
}

/** The first subnet decides the MAC, IPv4 before IPv6. */
export function tunnelEnd(subnets: readonly Prefix[]): TunnelEnd | undefined {
  const first = subnets.find((subnet) => family(subnet) === 4) ?? subnets[0];
  return first === undefined ? undefined : { mac: tunnelMac(first), addresses: subnets.map(prefixAddress) };
}

/** An IPv6 network address ends in zeros on every node: the MAC takes the last bits of the prefix instead. */
function tunnelMac(subnet: Prefix): Mac {
  if (family(subnet) === 4) return macFromIp(prefixAddress(subnet));
  return macFromIp(ipFromNumber(6, prefixFirst(subnet) >> BigInt(128 - prefixLength(subnet))));
}

/** The device itself, with its addresses. */
export function podNetworkDevice(subnets: readonly Prefix[], vtep: IpAddress, mtu: number): KernelObject[] {
  const end = tunnelEnd(subnets);
  if (end === undefined) return [];
  const device = { name: POD_NETWORK_LINK, mac: end.mac, mtu, vni: POD_NETWORK_VNI, port: VXLAN_PORT, local: vtep };
  return [
    { kind: 'vxlan', netns: 'host', ...device },
    ...end.addresses.map((ip): KernelObject => {
      const address = makeHostPrefix(ip, family(ip) === 4 ? 32 : 128);
      return { kind: 'address', netns: 'host', link: POD_NETWORK_LINK, address };
    }),
  ];
}

/**
 * The ways to all peers. Of peers that claim the same one has it: this node itself, else the one whose VTEPs are first in the
 * order of text, whatever order they come in.
 */
export function podNetworkPeers(
  peers: readonly GatewayPeer[],
  own: readonly Prefix[],
  vtep: IpAddress,
): KernelObject[] {
  const taken = new Set(claims(own));
  const families = new Set(own.map(family));
  const inOrder = peers.toSorted((a, b) => (a.vteps.join() < b.vteps.join() ? -1 : 1));
  return inOrder.flatMap((peer) => {
    const claimed = claims(peer.gatewaySubnets);
    if (claimed.some((claim) => taken.has(claim))) return [];
    for (const claim of claimed) taken.add(claim);
    return wayTo(peer, families, vtep);
  });
}

/** What no two nodes can have: the network addresses of their subnets, and the MAC that follows from them. */
function claims(subnets: readonly Prefix[]): readonly string[] {
  const end = tunnelEnd(subnets);
  return end === undefined ? [] : [...end.addresses, end.mac];
}

/** A route to each of its subnets, the MAC of its end, the VTEP of that MAC. */
function wayTo(peer: GatewayPeer, families: ReadonlySet<Family>, vtep: IpAddress): KernelObject[] {
  const subnets = peer.gatewaySubnets.filter((subnet) => families.has(family(subnet)));
  const far = reachableVtep(vtep, peer.vteps);
  const end = tunnelEnd(peer.gatewaySubnets);
  if (far === undefined || end === undefined || subnets.length === 0) return [];
  const at = { netns: 'host', link: POD_NETWORK_LINK } as const;
  return [
    ...subnets.flatMap((dst): KernelObject[] => [
      { kind: 'route', ...at, dst, via: prefixAddress(dst), onlink: true },
      { kind: 'neighbour', ...at, ip: prefixAddress(dst), mac: end.mac },
    ]),
    { kind: 'fdb-self', ...at, mac: end.mac, vtep: far },
  ];
}
