/** RTM_*ROUTE (linux/rtnetlink.h struct rtmsg): what `ip route` speaks. */
import {
  type IpAddress,
  type Prefix,
  family,
  ipFromBytes,
  ipToBytes,
  makePrefix,
  prefixAddress,
  prefixLength,
} from '../../net/address.ts';
import {
  type Attributes,
  attribute,
  bytesAttribute,
  ipAttribute,
  readAttributes,
  readIp,
  u32Attribute,
} from './attribute.ts';
import { NetlinkDecodeError, atLeast, readU32 } from './bytes.ts';
import { defined } from './defined.ts';
import { AF_INET, AF_INET6, addressFamily } from './family.ts';

export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RT_TABLE_MAIN = 254;
/** Made by the kernel itself, beside an address. */
export const RTPROT_KERNEL = 2;
export const RTN_UNICAST = 1;

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PREFSRC = 7;
const RTA_TABLE = 15;
const RTA_VIA = 18;
const RTNH_F_ONLINK = 4;
const RTM_F_CLONED = 0x200;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_NOWHERE = 255;
const HEADER = 12;

export interface RouteMessage {
  readonly dst: Prefix;
  /** RTPROT_*. */
  readonly protocol: number;
  readonly table: number;
  /** RTN_*; zero in a deletion matches any. */
  readonly type: number;
  /** Index of the outgoing link; absent for a multipath route. */
  readonly index?: number;
  readonly via?: IpAddress;
  readonly onlink?: boolean;
  readonly src?: IpAddress;
  /** In a reply: the kernel's cache, no route that somebody made. */
  readonly cloned?: boolean;
}

function scopeOf({ dst, via, type }: RouteMessage): number {
  if (family(dst) === 6) return RT_SCOPE_UNIVERSE;
  if (type === 0) return RT_SCOPE_NOWHERE;
  return via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
}

/** A gateway of the route's own family is RTA_GATEWAY, one of the other is RTA_VIA. */
function encodeGateway(dst: Prefix, via: IpAddress | undefined): Buffer {
  if (!via || family(via) === family(dst)) return ipAttribute(RTA_GATEWAY, via);
  return bytesAttribute(RTA_VIA, Buffer.concat([Buffer.of(addressFamily(via), 0), ipToBytes(via)]));
}

export function encodeRoute(route: RouteMessage): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(addressFamily(route.dst), 0);
  header.writeUInt8(prefixLength(route.dst), 1);
  header.writeUInt8(route.table < 256 ? route.table : 0, 4);
  header.writeUInt8(route.protocol, 5);
  header.writeUInt8(scopeOf(route), 6);
  header.writeUInt8(route.type, 7);
  header.writeUInt32LE(route.onlink ? RTNH_F_ONLINK : 0, 8);
  return Buffer.concat([
    header,
    prefixLength(route.dst) > 0 ? ipAttribute(RTA_DST, prefixAddress(route.dst)) : Buffer.alloc(0),
    u32Attribute(RTA_TABLE, route.table),
    u32Attribute(RTA_OIF, route.index),
    encodeGateway(route.dst, route.via),
    ipAttribute(RTA_PREFSRC, route.src),
  ]);
}

/** The request for the routes of the main table. */
export function encodeRouteQuery(addressFamily: number): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(addressFamily, 0);
  return Buffer.concat([header, u32Attribute(RTA_TABLE, RT_TABLE_MAIN)]);
}

function decodeDestination(header: Buffer, attributes: Attributes): Prefix {
  const of = header.readUInt8(0);
  const length = header.readUInt8(1);
  if (of !== AF_INET && of !== AF_INET6) throw new NetlinkDecodeError(`a route has the address family ${of}`);
  if (length > (of === AF_INET ? 32 : 128)) throw new NetlinkDecodeError(`a route has a prefix length of ${length}`);
  const ip = attribute(attributes, RTA_DST, readIp) ?? ipFromBytes(new Uint8Array(of === AF_INET ? 4 : 16));
  if (addressFamily(ip) !== of) throw new NetlinkDecodeError(`a route of family ${of} leads to ${ip}`);
  return makePrefix(ip, length);
}

const readVia = (bytes: Buffer): IpAddress => readIp(atLeast(2, bytes, 'struct rtvia').subarray(2));

/** Throws NetlinkDecodeError, also for families that are no IP. */
export function decodeRoute(payload: Buffer): RouteMessage {
  const header = atLeast(HEADER, payload, 'struct rtmsg');
  const attributes = readAttributes(payload.subarray(HEADER));
  const flags = header.readUInt32LE(8);
  return defined({
    dst: decodeDestination(header, attributes),
    protocol: header.readUInt8(5),
    table: attribute(attributes, RTA_TABLE, readU32) ?? header.readUInt8(4),
    type: header.readUInt8(7),
    index: attribute(attributes, RTA_OIF, readU32),
    via: attribute(attributes, RTA_GATEWAY, readIp) ?? attribute(attributes, RTA_VIA, readVia),
    onlink: flags & RTNH_F_ONLINK ? true : undefined,
    src: attribute(attributes, RTA_PREFSRC, readIp),
    cloned: flags & RTM_F_CLONED ? true : undefined,
  });
}
