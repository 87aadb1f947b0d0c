/**
 * Kernel objects as data: one vocabulary for what should be (desired) and what is (observed), so that one diff serves every
 * feature. Each type names the `ip`, `bridge` or `nft` line that it corresponds to.
 */
import type { HostPrefix, IpAddress, Prefix } from '../net/address.ts';
import type { IfName } from '../net/ifname.ts';
import type { Mac } from '../net/mac.ts';
import { unreachable } from '../net/result.ts';
import type { Vni } from '../net/vni.ts';
import type { NetnsRef } from './netns-ref.ts';
import type { NftElement, NftTable } from './nft.ts';

export type { NetnsRef } from './netns-ref.ts';

interface In {
  readonly netns: NetnsRef;
}

/** `ip netns add NAME`. Only namespaces that we own are objects; a container's namespace is its runtime's. */
export interface Netns extends In {
  readonly kind: 'netns';
}
/** `sysctl -w KEY=VALUE` in the namespace; key in path form: `net/ipv4/ip_forward`. */
export interface Sysctl extends In {
  readonly kind: 'sysctl';
  readonly key: string;
  readonly value: string;
}
interface InLink extends In {
  /** Observed only: not as its creation leaves it (down, or half made before a crash). A `change` op completes it. */
  readonly incomplete?: true;
}
/** `ip link add NAME type bridge`, up. */
export interface Bridge extends InLink {
  readonly kind: 'bridge';
  readonly name: IfName;
  readonly mac: Mac;
  readonly mtu: number;
}
/** `ip link add NAME type vxlan id VNI local IP dstport PORT nolearning`, made in 'host' (its UDP socket stays there), moved, up. */
export interface Vxlan extends InLink {
  readonly kind: 'vxlan';
  readonly name: IfName;
  readonly mac: Mac;
  readonly mtu: number;
  readonly vni: Vni;
  readonly port: number;
  readonly local: IpAddress;
}
/**
 * `ip link add NAME type veth peer name PEER netns NETNS`, both up. The alias (IFLA_IFALIAS) marks both ends as ours and names
 * the owner: `warren:<containerID>:<ifname>`.
 */
export interface Veth extends InLink {
  readonly kind: 'veth';
  readonly name: IfName;
  readonly mtu: number;
  readonly alias: string;
  readonly peer: { readonly netns: NetnsRef; readonly name: IfName; readonly mac: Mac; readonly mtu: number };
}
/** `ip link set NAME master BRIDGE` and `bridge link set dev NAME …`. */
export interface BridgePort extends In {
  readonly kind: 'port';
  readonly name: IfName;
  readonly master: IfName;
  readonly learning: boolean;
  readonly locked: boolean;
  readonly isolated: boolean;
  readonly neighSuppress: boolean;
  readonly hairpin: boolean;
  readonly flood: boolean;
  readonly mcastFlood: boolean;
  readonly bcastFlood: boolean;
}
/** `ip addr add ADDRESS dev LINK nodad` (global scope). */
export interface Address extends In {
  readonly kind: 'address';
  readonly link: IfName;
  readonly address: HostPrefix;
}
/** `ip route add DST [via VIA] dev LINK [onlink] [src SRC] proto 87`. The default route is `0.0.0.0/0` or `::/0`. */
export interface Route extends In {
  readonly kind: 'route';
  readonly dst: Prefix;
  readonly link: IfName;
  readonly via?: IpAddress;
  readonly onlink?: boolean;
  readonly src?: IpAddress;
}
/** `ip neigh add IP lladdr MAC dev LINK nud permanent`. */
export interface Neighbour extends In {
  readonly kind: 'neighbour';
  readonly link: IfName;
  readonly ip: IpAddress;
  readonly mac: Mac;
}
/** `bridge fdb add MAC dev LINK dst VTEP self permanent`: where the VXLAN device sends a MAC. */
export interface FdbSelf extends In {
  readonly kind: 'fdb-self';
  readonly link: IfName;
  readonly mac: Mac;
  readonly vtep: IpAddress;
}
/** `bridge fdb add MAC dev PORT master static`: which bridge port a MAC is behind. */
export interface FdbMaster extends In {
  readonly kind: 'fdb-master';
  readonly link: IfName;
  readonly mac: Mac;
}

export type Link = Bridge | Vxlan | Veth;
export type KernelObject =
  Netns | Sysctl | Link | BridgePort | Address | Route | Neighbour | FdbSelf | FdbMaster | NftTable | NftElement;

/** Identity: what cannot change without being another object. Unique in the whole node. */
export function objectKey(object: KernelObject): string {
  const at = `${object.netns} ${object.kind}`;
  switch (object.kind) {
    case 'netns':
      return at;
    case 'sysctl':
      return `${at} ${object.key}`;
    case 'bridge':
    case 'vxlan':
    case 'veth':
      return `${object.netns} link ${object.name}`;
    case 'port':
      return `${at} ${object.name}`;
    case 'address':
      return `${at} ${object.link} ${object.address}`;
    case 'route':
      return `${at} ${object.dst}`;
    case 'neighbour':
      return `${at} ${object.link} ${object.ip}`;
    case 'fdb-self':
    case 'fdb-master':
      return `${at} ${object.link} ${object.mac}`;
    case 'nft-table':
      return `${at} ${object.family} ${object.name}`;
    case 'nft-element':
      return `${at} ${object.family} ${object.table} ${object.set} ${object.key.join(' . ')}`;
    default:
      return unreachable(object);
  }
}
