/** RTM_*NEIGH (linux/neighbour.h struct ndmsg): `ip neigh`, and in the bridge family `bridge fdb`. */
import type { IpAddress } from '../../net/address.ts';
import type { Mac } from '../../net/mac.ts';
import { attribute, ipAttribute, macAttribute, readAttributes, readIp, readMac, u32Attribute } from './attribute.ts';
import { atLeast, readU32 } from './bytes.ts';
import { defined } from './defined.ts';

export const RTM_NEWNEIGH = 28;
export const RTM_DELNEIGH = 29;
export const RTM_GETNEIGH = 30;
/** In a bridge's FDB: `static`. */
export const NUD_NOARP = 0x40;
/** In a bridge's FDB: `permanent`, an address of the bridge itself. */
export const NUD_PERMANENT = 0x80;
/** The entry is in the device's own FDB. */
export const NTF_SELF = 0x02;
/** The entry is in the FDB of the device's bridge. */
export const NTF_MASTER = 0x04;

const NDA_DST = 1;
const NDA_LLADDR = 2;
const NDA_MASTER = 9;
const HEADER = 12;

export interface NeighbourMessage {
  /** AF_INET, AF_INET6 or AF_BRIDGE. */
  readonly family: number;
  /** Index of the link. */
  readonly index: number;
  /** NUD_*. */
  readonly state: number;
  /** NTF_*. */
  readonly flags: number;
  /** The neighbour's address; in the FDB of a VXLAN device, the VTEP. */
  readonly ip?: IpAddress;
  readonly mac?: Mac;
  /** Index of the bridge that has the entry in its FDB. */
  readonly master?: number;
}

export function encodeNeighbour(neighbour: NeighbourMessage): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(neighbour.family, 0);
  header.writeInt32LE(neighbour.index, 4);
  header.writeUInt16LE(neighbour.state, 8);
  header.writeUInt8(neighbour.flags, 10);
  return Buffer.concat([
    header,
    ipAttribute(NDA_DST, neighbour.ip),
    macAttribute(NDA_LLADDR, neighbour.mac),
    u32Attribute(NDA_MASTER, neighbour.master),
  ]);
}

/** The request for all entries of a family. */
export function encodeNeighbourQuery(family: number): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(family, 0);
  return header;
}

/** Throws NetlinkDecodeError. */
export function decodeNeighbour(payload: Buffer): NeighbourMessage {
  const header = atLeast(HEADER, payload, 'struct ndmsg');
  const attributes = readAttributes(payload.subarray(HEADER));
  return defined({
    family: header.readUInt8(0),
    index: header.readInt32LE(4),
    state: header.readUInt16LE(8),
    flags: header.readUInt8(10),
    ip: attribute(attributes, NDA_DST, readIp),
    mac: attribute(attributes, NDA_LLADDR, readMac),
    master: attribute(attributes, NDA_MASTER, readU32),
  });
}
