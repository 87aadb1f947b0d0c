/** Ops as netlink requests: pure, given the indexes of the links and the files of the namespaces that they name. */
import type {
  Address,
  Bridge,
  BridgePort,
  FdbMaster,
  FdbSelf,
  KernelObject,
  Neighbour,
  NetnsRef,
  Route,
  Veth,
  Vxlan,
} from '../../dataplane/object.ts';
import type { Op } from '../../dataplane/op.ts';
import { unreachable } from '../../net/result.ts';
import {
  IFA_F_NODAD,
  IFA_F_PERMANENT,
  RTM_DELADDR,
  RTM_NEWADDR,
  RT_SCOPE_UNIVERSE,
  encodeAddress,
} from '../netlink/address.ts';
import { AF_BRIDGE, addressFamily } from '../netlink/family.ts';
import { type LinkRequest, RTM_NEWLINK, RTM_SETLINK, encodeLink } from '../netlink/link.ts';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, type Request } from '../netlink/message.ts';
import {
  NTF_MASTER,
  NTF_SELF,
  NUD_NOARP,
  NUD_PERMANENT,
  RTM_DELNEIGH,
  RTM_NEWNEIGH,
  encodeNeighbour,
} from '../netlink/neighbour.ts';
import { RTM_DELROUTE, RTM_NEWROUTE, RTN_UNICAST, RT_TABLE_MAIN, encodeRoute } from '../netlink/route.ts';
import type { VxlanData } from '../netlink/vxlan.ts';
import { ROUTE_PROTOCOL } from '../../dataplane/owner.ts';
import type { OpOn, RouteObject } from './step.ts';

/** Where the links and namespaces are that the ops name. */
export interface Places {
  /** Index of a link, or the one that was reserved for a link that the same batch makes. */
  index(netns: NetnsRef, link: string): number;
  /** An open file of the namespace. */
  file(netns: NetnsRef): number;
}

type Verb = Op['kind'];

const newLink = (flags: number, link: LinkRequest): Request => ({
  type: RTM_NEWLINK,
  flags,
  payload: encodeLink(link),
});
const setLink = (link: LinkRequest): Request => ({ type: RTM_SETLINK, flags: 0, payload: encodeLink(link) });
const CREATE = NLM_F_CREATE | NLM_F_EXCL;
const REPLACE = NLM_F_CREATE | NLM_F_REPLACE;

/**
 * The fields of `to` that differ in `from`. Only these are sent: a MAC that is set anew, be it the same, makes the kernel
 * forget the link's neighbours.
 */
function differing<T extends object>(from: T | undefined, to: T): Partial<T> {
  const was: Partial<T> = from ?? {};
  return Object.fromEntries(
    Object.entries(to).filter(([field, value]) => was[field as keyof T] !== value),
  ) as Partial<T>;
}

/** What an op changes `kind` from; undefined for a creation. */
function before<Kind extends KernelObject['kind']>(
  op: Op,
  kind: Kind,
): Extract<KernelObject, { kind: Kind }> | undefined {
  const isSame = (object: KernelObject): object is Extract<KernelObject, { kind: Kind }> => object.kind === kind;
  return op.kind === 'change' && isSame(op.from) ? op.from : undefined;
}

/**
 * A bridge is made one byte short, then set: only an MTU that was *changed* counts as the user's, and any other follows the
 * ports (BROPT_MTU_SET_BY_USER).
 */
function bridge(op: OpOn<Bridge>, at: Places): Request[] {
  const { netns, name, mac, mtu } = op.object;
  const index = at.index(netns, name);
  const made = newLink(CREATE, { index, name, mac, mtu: mtu - 1, kind: 'bridge', up: true });
  if (op.kind === 'create') return [made, setLink({ index, mtu })];
  return [setLink({ index, ...linkChange(before(op, 'bridge'), op.object), up: true })];
}

const linkChange = (from: Bridge | Vxlan | undefined, { mac, mtu }: Bridge | Vxlan): Pick<LinkRequest, 'mac' | 'mtu'> =>
  differing(from && { mac: from.mac, mtu: from.mtu }, { mac, mtu });

function vxlan(op: OpOn<Vxlan>, at: Places): Request[] {
  const { netns, name, mac, mtu } = op.object;
  const index = at.index(netns, name);
  const device = vxlanData(op.object);
  if (op.kind === 'create') {
    const place = netns === 'host' ? {} : { netnsFd: at.file(netns) };
    return [newLink(CREATE, { index, name, mac, mtu, kind: 'vxlan', vxlan: device, up: true, ...place })];
  }
  const from = before(op, 'vxlan');
  const data = { ...differing(from && vxlanData(from), device), learning: false };
  return [
    newLink(0, { index, kind: 'vxlan', vxlan: data }),
    setLink({ index, ...linkChange(from, op.object), up: true }),
  ];
}

const vxlanData = ({ vni, port: udpPort, local }: Vxlan): VxlanData => ({ vni, port: udpPort, local, learning: false });

/** The own end; the peer is completed in its own namespace by `vethPeer`, because it can be neither up nor named here. */
function veth({ kind, object }: OpOn<Veth>, at: Places): Request[] {
  const { netns, name, mtu, alias, peer } = object;
  const index = at.index(netns, name);
  if (kind !== 'create') return [setLink({ index, mtu, alias, up: true })];
  const other: LinkRequest = {
    index: at.index(peer.netns, peer.name),
    name: peer.name,
    mac: peer.mac,
    mtu: peer.mtu,
    netnsFd: at.file(peer.netns),
  };
  return [newLink(CREATE, { index, name, mtu, kind: 'veth', veth: other, up: true }), setLink({ index, alias })];
}

/** Completes the peer of a veth that was just made, or changes it; for a socket of `peer.netns`. */
export function vethPeer(op: OpOn<Veth>): Request {
  const { alias, peer } = op.object;
  const from = op.kind === 'create' ? peer : before(op, 'veth')?.peer;
  const { mac, mtu } = differing(from, peer);
  return setLink({ index: 0, name: peer.name, alias, up: true, ...(mac && { mac }), ...(mtu && { mtu }) });
}

function port(op: OpOn<BridgePort>, at: Places): Request[] {
  const { netns, name, master, kind: _kind, ...flags } = op.object;
  const index = at.index(netns, name);
  if (op.kind === 'delete') return [setLink({ index, master: 0 })];
  const isMember = before(op, 'port')?.master === master;
  const join = isMember ? [] : [setLink({ index, master: at.index(netns, master) })];
  return [...join, newLink(0, { index, slaveKind: 'bridge', port: flags })];
}

function address({ kind, object }: OpOn<Address>, at: Places): Request[] {
  const payload = encodeAddress({
    index: at.index(object.netns, object.link),
    address: object.address,
    scope: RT_SCOPE_UNIVERSE,
    flags: IFA_F_NODAD | IFA_F_PERMANENT,
  });
  if (kind === 'delete') return [{ type: RTM_DELADDR, flags: 0, payload }];
  return [{ type: RTM_NEWADDR, flags: kind === 'create' ? CREATE : REPLACE, payload }];
}

function route({ kind, object }: OpOn<Route>, at: Places): Request[] {
  const { netns, dst, link, via, onlink, src } = object;
  const index = at.index(netns, link);
  const key = { dst, table: RT_TABLE_MAIN, index };
  if (kind === 'delete') {
    const gone = { ...key, protocol: ROUTE_PROTOCOL, type: 0, ...(via && { via }) };
    return [{ type: RTM_DELROUTE, flags: 0, payload: encodeRoute(gone) }];
  }
  const hop = { ...(via && { via }), ...(onlink && { onlink }), ...(src && { src }) };
  const payload = encodeRoute({ ...key, protocol: ROUTE_PROTOCOL, type: RTN_UNICAST, ...hop });
  return [{ type: RTM_NEWROUTE, flags: kind === 'create' ? CREATE : REPLACE, payload }];
}

const neighbourType = (verb: Verb): number => (verb === 'delete' ? RTM_DELNEIGH : RTM_NEWNEIGH);

/** Replaces also on creation: what the kernel has learned of the same address is no object of ours, and must not be in the way. */
function neighbour({ kind, object: { netns, link, ip, mac } }: OpOn<Neighbour>, at: Places): Request[] {
  const entry = { family: addressFamily(ip), index: at.index(netns, link), state: NUD_PERMANENT, flags: 0, ip };
  const payload = encodeNeighbour(kind === 'delete' ? entry : { ...entry, mac });
  return [{ type: neighbourType(kind), flags: kind === 'delete' ? 0 : REPLACE, payload }];
}

function fdbSelf({ kind, object: { netns, link, mac, vtep } }: OpOn<FdbSelf>, at: Places): Request[] {
  const index = at.index(netns, link);
  const state = NUD_PERMANENT | NUD_NOARP;
  const payload = encodeNeighbour({ family: AF_BRIDGE, index, state, flags: NTF_SELF, mac, ip: vtep });
  const flags = { create: CREATE, change: REPLACE, delete: 0 }[kind];
  return [{ type: neighbourType(kind), flags, payload }];
}

/** Replaces also on creation, as `neighbour` does. */
function fdbMaster({ kind, object: { netns, link, mac } }: OpOn<FdbMaster>, at: Places): Request[] {
  const index = at.index(netns, link);
  const payload = encodeNeighbour({ family: AF_BRIDGE, index, state: NUD_NOARP, flags: NTF_MASTER, mac });
  return [{ type: neighbourType(kind), flags: kind === 'delete' ? 0 : REPLACE, payload }];
}

/** The links that must be there before `op`, in its namespace. */
export function linksBefore({ kind, object }: OpOn<RouteObject>): readonly string[] {
  switch (object.kind) {
    case 'bridge':
    case 'vxlan':
    case 'veth':
      return kind === 'create' ? [] : [object.name];
    case 'port':
      return kind === 'delete' ? [object.name] : [object.name, object.master];
    default:
      return [object.link];
  }
}

/** The links that `op` makes, each of which needs an index of its own. */
export function linksMade({ kind, object }: Op): readonly { readonly netns: NetnsRef; readonly name: string }[] {
  if (kind !== 'create') return [];
  if (object.kind === 'bridge' || object.kind === 'vxlan') return [object];
  return object.kind === 'veth' ? [object, object.peer] : [];
}

/** The namespaces whose files `requestsOf` asks for. */
export function filesFor({ kind, object }: Op): readonly NetnsRef[] {
  if (kind !== 'create') return [];
  if (object.kind === 'veth') return [object.peer.netns];
  return object.kind === 'vxlan' && object.netns !== 'host' ? [object.netns] : [];
}

/** The requests of one op, in order. */
export function requestsOf(op: OpOn<RouteObject>, at: Places): Request[] {
  const { object } = op;
  switch (object.kind) {
    case 'bridge':
      return bridge({ ...op, object }, at);
    case 'vxlan':
      return vxlan({ ...op, object }, at);
    case 'veth':
      return veth({ ...op, object }, at);
    case 'port':
      return port({ ...op, object }, at);
    case 'address':
      return address({ ...op, object }, at);
    case 'route':
      return route({ ...op, object }, at);
    case 'neighbour':
      return neighbour({ ...op, object }, at);
    case 'fdb-self':
      return fdbSelf({ ...op, object }, at);
    case 'fdb-master':
      return fdbMaster({ ...op, object }, at);
    default:
      return unreachable(object);
  }
}
