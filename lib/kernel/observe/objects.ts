/** From what a kernel shows to the objects that are ours: pure. */
import type {
  Address,
  Bridge,
  BridgePort,
  FdbMaster,
  FdbSelf,
  KernelObject,
  Link,
  Neighbour,
  NetnsRef,
  Route,
  Veth,
} from '../../dataplane/object.ts';
import { ROUTE_PROTOCOL } from '../../dataplane/owner.ts';
import type { IpAddress } from '../../net/address.ts';
import { type IfName, parseIfName } from '../../net/ifname.ts';
import type { Vni } from '../../net/vni.ts';
import { type AddressMessage, IFA_F_PERMANENT, RT_SCOPE_UNIVERSE } from '../netlink/address.ts';
import type { LinkMessage } from '../netlink/link.ts';
import { NTF_SELF, NUD_NOARP, NUD_PERMANENT, type NeighbourMessage } from '../netlink/neighbour.ts';
import { RTN_UNICAST, RT_TABLE_MAIN, type RouteMessage } from '../netlink/route.ts';
import { type NetnsRole, isOurLink } from '../ownership.ts';
import type { NetnsDump } from './dump.ts';

/** The other end of a veth: the link, in its own namespace's words, and where it is. */
export interface Peer {
  readonly netns: NetnsRef;
  readonly link: LinkMessage;
}
/** By the index of the end that is observed. */
export type Peers = ReadonlyMap<number, Peer>;

export interface Observed {
  readonly netns: NetnsRef;
  readonly role: NetnsRole;
  readonly dump: NetnsDump;
  readonly peers: Peers;
}

type OwnEnd = Pick<Bridge, 'netns' | 'name' | 'mac' | 'mtu'>;

const NO_ADDRESS = '0.0.0.0' as IpAddress;

const incomplete = (isWhole: boolean): { readonly incomplete?: true } => (isWhole ? {} : { incomplete: true });

/** The kernel keeps a VNI within 24 bits; a device that somebody else made may lack a local address. */
function vxlanObject(link: LinkMessage, own: OwnEnd): Link {
  const { vni = 0, port = 0, local = NO_ADDRESS, learning } = link.vxlan ?? {};
  return { kind: 'vxlan', ...own, vni: vni as Vni, port, local, ...incomplete(link.up === true && learning === false) };
}

function vethObject(link: LinkMessage, { netns, name, mtu }: OwnEnd, peer: Peer | undefined): Link | undefined {
  const end = peer && peerObject(peer);
  if (!end) return undefined;
  const isWhole = link.up === true && peer.link.up === true && peer.link.alias === link.alias;
  return { kind: 'veth', netns, name, mtu, alias: link.alias ?? '', peer: end, ...incomplete(isWhole) };
}

/** Undefined for what the objects cannot say: another kind, a name or an address of another form. None of it is our work. */
function linkObject(link: LinkMessage, { netns, peers }: Observed): Link | undefined {
  const name = nameOf(link);
  if (!name || !link.mac || link.mtu === undefined) return undefined;
  const own = { netns, name, mac: link.mac, mtu: link.mtu };
  switch (link.kind) {
    case 'bridge':
      return { kind: 'bridge', ...own, ...incomplete(link.up === true) };
    case 'vxlan':
      return vxlanObject(link, own);
    case 'veth':
      return vethObject(link, own, peers.get(link.index));
    default:
      return undefined;
  }
}

function peerObject({ netns, link }: Peer): Veth['peer'] | undefined {
  const name = nameOf(link);
  if (!name || !link.mac || link.mtu === undefined) return undefined;
  return { netns, name, mac: link.mac, mtu: link.mtu };
}

function nameOf({ name }: LinkMessage): IfName | undefined {
  const parsed = parseIfName(name ?? '');
  return parsed.ok ? parsed.value : undefined;
}

type Names = ReadonlyMap<number, IfName>;

function namesOf(links: readonly LinkMessage[]): Names {
  const named = links.map((link) => [link.index, nameOf(link)] as const);
  return new Map(named.filter((entry): entry is [number, IfName] => entry[1] !== undefined));
}

function portObject(link: LinkMessage, netns: NetnsRef, names: Names): BridgePort | undefined {
  const name = nameOf(link);
  const master = link.slaveKind === 'bridge' && link.master ? names.get(link.master) : undefined;
  if (!name || !master) return undefined;
  const off = { learning: false, locked: false, isolated: false, neighSuppress: false, hairpin: false };
  return {
    kind: 'port',
    netns,
    name,
    master,
    ...off,
    flood: false,
    mcastFlood: false,
    bcastFlood: false,
    ...link.port,
  };
}

/** Those that somebody gave: not link-local ones, which the kernel makes, nor those that it learned and that expire. */
function addressObject(message: AddressMessage, netns: NetnsRef, ours: Names): Address | undefined {
  const link = ours.get(message.index);
  const isGiven = message.scope === RT_SCOPE_UNIVERSE && (message.flags & IFA_F_PERMANENT) !== 0;
  return link && isGiven ? { kind: 'address', netns, link, address: message.address } : undefined;
}

function routeObject(message: RouteMessage, netns: NetnsRef, names: Names): Route | undefined {
  const { dst, via, onlink, src, index } = message;
  const link = index === undefined ? undefined : names.get(index);
  const isOurs = message.protocol === ROUTE_PROTOCOL && message.table === RT_TABLE_MAIN && message.type === RTN_UNICAST;
  if (!link || !isOurs || message.cloned) return undefined;
  return { kind: 'route', netns, dst, link, ...(via && { via }), ...(onlink && { onlink }), ...(src && { src }) };
}

function neighbourObject(
  { index, state, ip, mac }: NeighbourMessage,
  netns: NetnsRef,
  ours: Names,
): Neighbour | undefined {
  const link = ours.get(index);
  if (!link || !ip || !mac || state !== NUD_PERMANENT) return undefined;
  return { kind: 'neighbour', netns, link, ip, mac };
}

/**
 * A VXLAN device's own entries have a VTEP; those that a bridge has for a port, and that are neither learned nor the kernel's
 * own (`permanent`), have the state `static`.
 */
function fdbObject(message: NeighbourMessage, netns: NetnsRef, ours: Names): FdbSelf | FdbMaster | undefined {
  const { index, state, flags, ip, mac, master } = message;
  const link = ours.get(index);
  if (!link || !mac) return undefined;
  if (ip && flags & NTF_SELF && state & NUD_PERMANENT) return { kind: 'fdb-self', netns, link, mac, vtep: ip };
  return master && state === NUD_NOARP ? { kind: 'fdb-master', netns, link, mac } : undefined;
}

const present = <T>(value: T | undefined): value is T => value !== undefined;

/** Objects in no particular order. Of a container's veth only what hangs on it: the veth belongs to its bridge's namespace. */
export function objectsOf(observed: Observed): KernelObject[] {
  const { netns, role, dump } = observed;
  const links = dump.links.filter((link) => isOurLink(role, link));
  const names = namesOf(dump.links);
  const ours = namesOf(links);
  const isMember = role !== 'container';
  return [
    ...(role === 'network' ? [{ kind: 'netns', netns } as const] : []),
    ...(isMember ? links.map((link) => linkObject(link, observed)) : []),
    ...(isMember ? links.map((link) => portObject(link, netns, names)) : []),
    ...dump.addresses.map((message) => addressObject(message, netns, ours)),
    ...dump.routes.map((message) => routeObject(message, netns, role === 'container' ? ours : names)),
    ...dump.neighbours.map((message) => neighbourObject(message, netns, ours)),
    ...dump.fdb.map((message) => fdbObject(message, netns, ours)),
  ].filter(present);
}
