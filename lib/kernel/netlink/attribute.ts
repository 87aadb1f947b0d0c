/**
 * Netlink attributes (linux/netlink.h, struct nlattr): u16 length, u16 type, payload, padded to four bytes. Encoders give
 * nothing for an undefined value, so that an optional field needs no branch where a message is put together.
 */
import { type IpAddress, ipFromBytes, ipToBytes } from '../../net/address.ts';
import { type Mac, macFromBytes, macToBytes } from '../../net/mac.ts';
import { NetlinkDecodeError } from './bytes.ts';

export type Attributes = ReadonlyMap<number, Buffer>;

const HEADER = 4;
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER share the type's field. */
const TYPE_MASK = 0x3fff;
const NESTED = 0x8000;
const NOTHING = Buffer.alloc(0);

export const align4 = (length: number): number => (length + 3) & ~3;

function frame(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(align4(HEADER + length));
  bytes.writeUInt16LE(HEADER + length, 0);
  bytes.writeUInt16LE(type, 2);
  return bytes;
}

export function bytesAttribute(type: number, value: Uint8Array | undefined): Buffer {
  if (!value) return NOTHING;
  const bytes = frame(type, value.length);
  bytes.set(value, HEADER);
  return bytes;
}

export function u8Attribute(type: number, value: number | undefined): Buffer {
  if (value === undefined) return NOTHING;
  const bytes = frame(type, 1);
  bytes.writeUInt8(value, HEADER);
  return bytes;
}

export function u16BeAttribute(type: number, value: number | undefined): Buffer {
  if (value === undefined) return NOTHING;
  const bytes = frame(type, 2);
  bytes.writeUInt16BE(value, HEADER);
  return bytes;
}

export function u32Attribute(type: number, value: number | undefined): Buffer {
  if (value === undefined) return NOTHING;
  const bytes = frame(type, 4);
  bytes.writeUInt32LE(value, HEADER);
  return bytes;
}

export function i32Attribute(type: number, value: number | undefined): Buffer {
  return u32Attribute(type, value === undefined ? undefined : value >>> 0);
}

/** With its terminating NUL. */
export function textAttribute(type: number, value: string | undefined): Buffer {
  return bytesAttribute(type, value === undefined ? undefined : Buffer.from(`${value}\0`));
}

export const flagAttribute = (type: number, value: boolean | undefined): Buffer =>
  u8Attribute(type, value === undefined ? undefined : Number(value));

export const ipAttribute = (type: number, value: IpAddress | undefined): Buffer =>
  bytesAttribute(type, value && ipToBytes(value));

export const macAttribute = (type: number, value: Mac | undefined): Buffer =>
  bytesAttribute(type, value && macToBytes(value));

export const nest = (type: number, ...members: readonly Buffer[]): Buffer =>
  bytesAttribute(type | NESTED, Buffer.concat(members));

/** The attributes by type; the last one counts when a type comes twice. Throws NetlinkDecodeError. */
export function readAttributes(bytes: Buffer): Attributes {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + HEADER <= bytes.length;) {
    const length = bytes.readUInt16LE(at);
    if (length < HEADER || at + length > bytes.length) {
      throw new NetlinkDecodeError(
        `the attribute at byte ${at} claims ${length} bytes, ${bytes.length - at} are there`,
      );
    }
    found.set(bytes.readUInt16LE(at + 2) & TYPE_MASK, bytes.subarray(at + HEADER, at + length));
    at += align4(length);
  }
  return found;
}

/** The attribute as `read` sees it; undefined when it is absent. */
export function attribute<T>(attributes: Attributes, type: number, read: (bytes: Buffer) => T): T | undefined {
  const bytes = attributes.get(type);
  return bytes && read(bytes);
}

export function readIp(bytes: Buffer): IpAddress {
  if (bytes.length === 4 || bytes.length === 16) return ipFromBytes(bytes);
  throw new NetlinkDecodeError(`an IP address has 4 or 16 bytes, the kernel sent ${bytes.length}`);
}

/** Undefined for the addresses of devices that are no Ethernet: they have another length. */
export const readMac = (bytes: Buffer): Mac | undefined => (bytes.length === 6 ? macFromBytes(bytes) : undefined);
