/** RTM_*LINK (linux/rtnetlink.h struct ifinfomsg, linux/if_link.h IFLA_*): what `ip link` speaks. */
import type { Mac } from '../../net/mac.ts';
import {
  type Attributes,
  attribute,
  i32Attribute,
  macAttribute,
  nest,
  readAttributes,
  readMac,
  textAttribute,
  u32Attribute,
} from './attribute.ts';
import { type PortFlags, decodePortFlags, encodePortFlags } from './bridge-port.ts';
import { atLeast, readI32, readText, readU32 } from './bytes.ts';
import { defined } from './defined.ts';
import { type VxlanData, decodeVxlan, encodeVxlan } from './vxlan.ts';

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_SETLINK = 19;
export const IFF_UP = 0x1;

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_IFALIAS = 20;
const IFLA_GROUP = 27;
const IFLA_NET_NS_FD = 28;
const IFLA_EXT_MASK = 29;
const IFLA_LINK_NETNSID = 37;
const IFLA_TARGET_NETNSID = 46;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const VETH_INFO_PEER = 1;
const RTEXT_FILTER_SKIP_STATS = 8;
const HEADER = 16;

/** A link in either direction; what a message does not say is absent. */
export interface LinkMessage {
  /** In a request that makes a link: the index that it is to have; zero leaves it to the kernel. */
  readonly index: number;
  /** IFF_UP; in a request absent means "leave it as it is". */
  readonly up?: boolean;
  readonly name?: string;
  readonly mac?: Mac;
  readonly mtu?: number;
  /** Index of the bridge; zero for none. */
  readonly master?: number;
  readonly alias?: string;
  readonly group?: number;
  /** IFLA_LINK: of a veth, the index of its peer in `peerNsid`. */
  readonly peerIndex?: number;
  /** IFLA_LINK_NETNSID, as the namespace that is asked numbers the peer's; absent when it is the same namespace. */
  readonly peerNsid?: number;
  readonly kind?: string;
  readonly vxlan?: VxlanData;
  readonly slaveKind?: string;
  readonly port?: PortFlags;
}

/** What a request may say besides. */
export interface LinkRequest extends LinkMessage {
  /** File of the namespace in which the link is made. */
  readonly netnsFd?: number;
  /** The other end of a veth; its `netnsFd` says where. */
  readonly veth?: LinkRequest;
}

function encodeHeader(index: number, up: boolean | undefined): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeInt32LE(index, 4);
  if (up !== undefined) {
    header.writeUInt32LE(up ? IFF_UP : 0, 8);
    header.writeUInt32LE(IFF_UP, 12);
  }
  return header;
}

function encodeLinkInfo({ kind, vxlan, veth, slaveKind, port }: LinkRequest): Buffer {
  const members = [
    textAttribute(IFLA_INFO_KIND, kind),
    ...(vxlan ? [nest(IFLA_INFO_DATA, encodeVxlan(vxlan))] : []),
    ...(veth ? [nest(IFLA_INFO_DATA, nest(VETH_INFO_PEER, encodeLink(veth)))] : []),
    textAttribute(IFLA_INFO_SLAVE_KIND, slaveKind),
    ...(port ? [nest(IFLA_INFO_SLAVE_DATA, encodePortFlags(port))] : []),
  ];
  return members.some((member) => member.length > 0) ? nest(IFLA_LINKINFO, ...members) : Buffer.alloc(0);
}

export const encodeLink = (link: LinkRequest): Buffer =>
  Buffer.concat([
    encodeHeader(link.index, link.up),
    macAttribute(IFLA_ADDRESS, link.mac),
    textAttribute(IFLA_IFNAME, link.name),
    u32Attribute(IFLA_MTU, link.mtu),
    u32Attribute(IFLA_LINK, link.peerIndex),
    u32Attribute(IFLA_MASTER, link.master),
    encodeLinkInfo(link),
    textAttribute(IFLA_IFALIAS, link.alias),
    u32Attribute(IFLA_GROUP, link.group),
    u32Attribute(IFLA_NET_NS_FD, link.netnsFd),
    i32Attribute(IFLA_LINK_NETNSID, link.peerNsid),
  ]);

/** The request for one link, or for all (index zero, no name) without their counters; `nsid` asks in another namespace. */
export const encodeLinkQuery = (query: {
  readonly index?: number;
  readonly name?: string;
  readonly nsid?: number;
}): Buffer =>
  Buffer.concat([
    encodeHeader(query.index ?? 0, undefined),
    textAttribute(IFLA_IFNAME, query.name),
    u32Attribute(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS),
    i32Attribute(IFLA_TARGET_NETNSID, query.nsid),
  ]);

function decodeLinkInfo(bytes: Buffer): Pick<LinkMessage, 'kind' | 'vxlan' | 'slaveKind' | 'port'> {
  const info = readAttributes(bytes);
  const kind = attribute(info, IFLA_INFO_KIND, readText);
  const slaveKind = attribute(info, IFLA_INFO_SLAVE_KIND, readText);
  const nested = (type: number): Attributes | undefined => attribute(info, type, readAttributes);
  const data = kind === 'vxlan' ? nested(IFLA_INFO_DATA) : undefined;
  const port = slaveKind === 'bridge' ? nested(IFLA_INFO_SLAVE_DATA) : undefined;
  return defined({ kind, slaveKind, vxlan: data && decodeVxlan(data), port: port && decodePortFlags(port) });
}

/** Throws NetlinkDecodeError. */
export function decodeLink(payload: Buffer): LinkMessage {
  const header = atLeast(HEADER, payload, 'struct ifinfomsg');
  const attributes = readAttributes(payload.subarray(HEADER));
  return defined({
    index: header.readInt32LE(4),
    up: (header.readUInt32LE(8) & IFF_UP) !== 0,
    name: attribute(attributes, IFLA_IFNAME, readText),
    mac: attribute(attributes, IFLA_ADDRESS, readMac),
    mtu: attribute(attributes, IFLA_MTU, readU32),
    master: attribute(attributes, IFLA_MASTER, readU32),
    alias: attribute(attributes, IFLA_IFALIAS, readText),
    group: attribute(attributes, IFLA_GROUP, readU32),
    peerIndex: attribute(attributes, IFLA_LINK, readU32),
    peerNsid: attribute(attributes, IFLA_LINK_NETNSID, readI32),
    ...attribute(attributes, IFLA_LINKINFO, decodeLinkInfo),
  });
}
