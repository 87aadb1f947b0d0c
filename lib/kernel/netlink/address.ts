/** RTM_*ADDR (linux/if_addr.h): what `ip addr` speaks. */
import { type HostPrefix, type IpAddress, makeHostPrefix, prefixAddress, prefixLength } from '../../net/address.ts';
import { attribute, ipAttribute, readAttributes, readIp, u32Attribute } from './attribute.ts';
import { NetlinkDecodeError, atLeast, readU32 } from './bytes.ts';
import { addressFamily } from './family.ts';

export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const IFA_F_NODAD = 0x02;
/** Not learned: it does not expire. */
export const IFA_F_PERMANENT = 0x80;
export const RT_SCOPE_UNIVERSE = 0;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
const HEADER = 8;

export interface AddressMessage {
  /** Index of the link. */
  readonly index: number;
  readonly address: HostPrefix;
  readonly scope: number;
  /** IFA_F_*. */
  readonly flags: number;
}

export function encodeAddress({ index, address, scope, flags }: AddressMessage): Buffer {
  const ip = prefixAddress(address);
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(addressFamily(ip), 0);
  header.writeUInt8(prefixLength(address), 1);
  header.writeUInt8(flags & 0xff, 2);
  header.writeUInt8(scope, 3);
  header.writeUInt32LE(index, 4);
  return Buffer.concat([
    header,
    ipAttribute(IFA_LOCAL, ip),
    ipAttribute(IFA_ADDRESS, ip),
    u32Attribute(IFA_FLAGS, flags),
  ]);
}

/** The request for all addresses of both families. */
export const encodeAddressQuery = (): Buffer => Buffer.alloc(HEADER);

/** Throws NetlinkDecodeError. */
export function decodeAddress(payload: Buffer): AddressMessage {
  const header = atLeast(HEADER, payload, 'struct ifaddrmsg');
  const attributes = readAttributes(payload.subarray(HEADER));
  // On a point-to-point link IFA_ADDRESS is the other side; IPv6 has IFA_LOCAL only there.
  const ip: IpAddress | undefined =
    attribute(attributes, IFA_LOCAL, readIp) ?? attribute(attributes, IFA_ADDRESS, readIp);
  if (!ip) throw new NetlinkDecodeError('an address message has no address');
  return {
    index: header.readUInt32LE(4),
    address: makeHostPrefix(ip, header.readUInt8(1)),
    scope: header.readUInt8(3),
    flags: attribute(attributes, IFA_FLAGS, readU32) ?? header.readUInt8(2),
  };
}
