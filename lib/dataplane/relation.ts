/** How kernel objects depend on each other: what must exist first, what goes away with what, and what cannot exist side by side. */
import { family, makePrefix, prefixAddress, prefixLength } from '../net/address.ts';
import type { IfName } from '../net/ifname.ts';
import { unreachable } from '../net/result.ts';
import { type KernelObject, type NetnsRef, objectKey } from './object.ts';
import { NFT_TABLE } from './owner.ts';

const linkKey = (netns: NetnsRef, name: IfName): string => `${netns} link ${name}`;
const netnsKey = (netns: NetnsRef): string => `${netns} netns`;

/**
 * Place in the order of creation; deletion is the reverse. Rules come first, so that no link ever carries a frame unchecked,
 * and a route through a gateway comes after the route or address that makes the gateway reachable.
 */
export function rank(object: KernelObject): number {
  const order = ['netns', 'sysctl', 'nft-table', 'nft-element', 'bridge', 'vxlan', 'veth', 'link-sysctl', 'port'];
  const later = ['address', 'route', 'via', 'neighbour', 'fdb-self', 'fdb-master'];
  return [...order, ...later].indexOf(stage(object));
}

function stage(object: KernelObject): string {
  if (object.kind === 'sysctl' && sysctlLink(object.key) !== undefined) return 'link-sysctl';
  return object.kind === 'route' && object.via !== undefined ? 'via' : object.kind;
}

/** The link that a sysctl belongs to: `net/ipv4/conf/LINK/rp_filter`. */
function sysctlLink(key: string): IfName | undefined {
  const name = /^net\/ipv[46]\/(?:conf|neigh)\/([^/]+)\//.exec(key)?.[1];
  return name === 'all' || name === 'default' ? undefined : (name as IfName | undefined);
}

/** By the key of a link's name, the key of the object that makes it: a container's interface is the other end of a veth. */
export function linkMakers(objects: readonly KernelObject[]): ReadonlyMap<string, string> {
  const makers = new Map<string, string>();
  for (const object of objects) {
    if (object.kind === 'veth') makers.set(linkKey(object.peer.netns, object.peer.name), objectKey(object));
    if (object.kind === 'veth' || object.kind === 'bridge' || object.kind === 'vxlan')
      makers.set(objectKey(object), objectKey(object));
  }
  return makers;
}

/** Keys of what an object hangs on; the kernel removes it with any of them. Some may be none of ours. */
export function parents(object: KernelObject, makers: ReadonlyMap<string, string>): string[] {
  const link = (name: IfName): string => makers.get(linkKey(object.netns, name)) ?? linkKey(object.netns, name);
  switch (object.kind) {
    case 'netns':
      return [];
    case 'sysctl': {
      const name = sysctlLink(object.key);
      return name === undefined ? [netnsKey(object.netns)] : [link(name)];
    }
    case 'bridge':
    case 'vxlan':
    case 'nft-table':
      return [netnsKey(object.netns)];
    case 'veth':
      return [netnsKey(object.netns), netnsKey(object.peer.netns)];
    case 'port':
      return [link(object.name), link(object.master)];
    case 'address':
    case 'route':
    case 'neighbour':
    case 'fdb-self':
      return [link(object.link)];
    case 'fdb-master':
      return [`${object.netns} port ${object.link}`];
    case 'nft-element':
      return [`${object.netns} nft-table ${object.family} ${object.table}`];
    default:
      return unreachable(object);
  }
}

/** Keys of what must be there before an object is made: what it hangs on, and before a port what checks the port's frames. */
export function requisites(object: KernelObject, makers: ReadonlyMap<string, string>): string[] {
  const guard = object.kind === 'port' ? [`${object.netns} nft-table bridge ${NFT_TABLE}`] : [];
  return [...parents(object, makers), ...guard];
}

/**
 * Resources of which the kernel gives out one: an object that leaves and one that comes with the same slot cannot overlap in time.
 * IPv4 addresses of one subnet share a slot, since the kernel removes secondary addresses with their primary.
 */
export function slots(object: KernelObject): string[] {
  switch (object.kind) {
    case 'bridge':
      return [objectKey(object)];
    case 'veth':
      return [objectKey(object), linkKey(object.peer.netns, object.peer.name)];
    case 'vxlan':
      return [objectKey(object), `vni ${object.vni} port ${object.port} IPv${family(object.local)}`];
    case 'address': {
      const ip = prefixAddress(object.address);
      const shared = family(ip) === 4 ? makePrefix(ip, prefixLength(object.address)) : ip;
      return [`${linkKey(object.netns, object.link)} ${shared}`];
    }
    case 'fdb-master':
      return [`${object.netns} fdb ${object.mac}`];
    default:
      return [];
  }
}

/** The family's addressing of a link: routes on it fall with its addresses. */
export const addressing = (object: KernelObject): string | undefined =>
  object.kind === 'address'
    ? `${linkKey(object.netns, object.link)} ${family(object.address)}`
    : object.kind === 'route'
      ? `${linkKey(object.netns, object.link)} ${family(object.dst)}`
      : undefined;
