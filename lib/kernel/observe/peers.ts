/**
 * The other ends of our veths. A veth tells the index of its peer and a number for its namespace; the kernel answers for a
 * link in another namespace by that number. What it does not tell is the path of that namespace: for that, candidates are
 * asked for their number until it is found.
 */
import type { NetnsRef } from '../../dataplane/object.ts';
import { KernelError } from '../error.ts';
import { type LinkMessage, RTM_GETLINK, decodeLink, encodeLinkQuery } from '../netlink/link.ts';
import { RTM_GETNSID, decodeNsid, encodeNsid } from '../netlink/nsid.ts';
import type { RouteSocket } from '../netlink/socket.ts';
import { type NetnsFile, openNetns } from '../netns/enter.ts';
import type { Peer, Peers } from './objects.ts';

const CHUNK = 64;

/** Undefined for a candidate that is no namespace any more. */
function openIfThere(netns: NetnsRef): NetnsFile | undefined {
  try {
    return openNetns(netns);
  } catch (error) {
    if (error instanceof KernelError) return undefined;
    throw error;
  }
}

/** The candidates that have a number for the socket's namespace, in their order. */
async function numbered(
  socket: RouteSocket,
  candidates: readonly NetnsRef[],
): Promise<(readonly [number, NetnsRef])[]> {
  using files = new DisposableStack();
  const open = candidates.flatMap((netns) => {
    const file = openIfThere(netns);
    return file ? [{ netns, fd: files.use(file).fd }] : [];
  });
  const requests = open.map(({ fd }) => ({ type: RTM_GETNSID, flags: 0, payload: encodeNsid(fd) }));
  const answers = await socket.request(requests);
  return open.flatMap(({ netns }, at) => {
    const payload = answers[at]?.payloads[0];
    return payload ? [[decodeNsid(payload), netns] as const] : [];
  });
}

/** The namespaces behind `wanted`, as the socket's namespace numbers them; the first candidate that fits names one. */
async function findNetns(
  socket: RouteSocket,
  wanted: ReadonlySet<number>,
  candidates: readonly NetnsRef[],
): Promise<ReadonlyMap<number, NetnsRef>> {
  const found = new Map<number, NetnsRef>();
  for (let at = 0; at < candidates.length && found.size < wanted.size; at += CHUNK) {
    for (const [nsid, netns] of await numbered(socket, candidates.slice(at, at + CHUNK))) {
      if (wanted.has(nsid) && !found.has(nsid)) found.set(nsid, netns);
    }
  }
  return found;
}

/** A namespace to which no candidate leads: a path that cannot be, so that it differs from every desired one. */
const unknownNetns = (nsid: number): NetnsRef => `/unknown-netns/${nsid}`;

/** The peers of `veths`; one that vanishes meanwhile is left out. `candidates` in the order of who names a namespace best. */
export async function findPeers(
  socket: RouteSocket,
  netns: NetnsRef,
  veths: readonly LinkMessage[],
  candidates: readonly NetnsRef[],
): Promise<Peers> {
  const ends = veths.filter(({ kind, peerIndex }) => kind === 'veth' && peerIndex !== undefined);
  const queries = ends.map(({ peerIndex = 0, peerNsid }) => ({
    type: RTM_GETLINK,
    flags: 0,
    payload: encodeLinkQuery({ index: peerIndex, ...(peerNsid !== undefined && { nsid: peerNsid }) }),
  }));
  const answers = await socket.request(queries);
  const wanted = new Set(ends.flatMap(({ peerNsid }) => (peerNsid === undefined ? [] : [peerNsid])));
  const places = await findNetns(socket, wanted, candidates);
  const peers = ends.flatMap(({ index, peerNsid }, at): (readonly [number, Peer])[] => {
    const payload = answers[at]?.payloads[0];
    if (!payload) return [];
    const place = peerNsid === undefined ? netns : (places.get(peerNsid) ?? unknownNetns(peerNsid));
    return [[index, { netns: place, link: decodeLink(payload) }]];
  });
  return new Map(peers);
}
