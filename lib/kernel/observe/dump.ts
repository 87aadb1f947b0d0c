/** Everything that rtnetlink shows of one namespace. */
import { hasCode } from '../error.ts';
import { type AddressMessage, RTM_GETADDR, decodeAddress, encodeAddressQuery } from '../netlink/address.ts';
import { AF_BRIDGE, AF_INET, AF_INET6 } from '../netlink/family.ts';
import { type LinkMessage, RTM_GETLINK, decodeLink, encodeLinkQuery } from '../netlink/link.ts';
import { type NeighbourMessage, RTM_GETNEIGH, decodeNeighbour, encodeNeighbourQuery } from '../netlink/neighbour.ts';
import { RTM_GETROUTE, type RouteMessage, decodeRoute, encodeRouteQuery } from '../netlink/route.ts';
import type { RouteSocket } from '../netlink/socket.ts';

export interface NetnsDump {
  readonly links: readonly LinkMessage[];
  readonly addresses: readonly AddressMessage[];
  readonly routes: readonly RouteMessage[];
  /** ARP and NDP. */
  readonly neighbours: readonly NeighbourMessage[];
  /** FDB entries of bridges and VXLAN devices. */
  readonly fdb: readonly NeighbourMessage[];
}

export const dumpLinks = (socket: RouteSocket): Promise<LinkMessage[]> =>
  socket.dump('list links', { type: RTM_GETLINK, payload: encodeLinkQuery({}) }, decodeLink);

export const dumpAddresses = (socket: RouteSocket): Promise<AddressMessage[]> =>
  socket.dump('list addresses', { type: RTM_GETADDR, payload: encodeAddressQuery() }, decodeAddress);

/** A namespace that never had a route in the main table has no such table. */
async function dumpRoutes(socket: RouteSocket, family: number): Promise<RouteMessage[]> {
  try {
    return await socket.dump('list routes', { type: RTM_GETROUTE, payload: encodeRouteQuery(family) }, decodeRoute);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

const dumpNeighbours = (socket: RouteSocket, family: number): Promise<NeighbourMessage[]> =>
  socket.dump('list neighbours', { type: RTM_GETNEIGH, payload: encodeNeighbourQuery(family) }, decodeNeighbour);

/** The rest, besides the links. One table after the other: together they are no one state, each of them is. */
export async function dumpNetns(socket: RouteSocket, links: readonly LinkMessage[]): Promise<NetnsDump> {
  return {
    links,
    addresses: await dumpAddresses(socket),
    routes: [...(await dumpRoutes(socket, AF_INET)), ...(await dumpRoutes(socket, AF_INET6))],
    neighbours: [...(await dumpNeighbours(socket, AF_INET)), ...(await dumpNeighbours(socket, AF_INET6))],
    fdb: await dumpNeighbours(socket, AF_BRIDGE),
  };
}
