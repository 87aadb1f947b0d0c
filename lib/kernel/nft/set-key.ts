/** Keys of sets: their types as nft(8) writes them into the kernel, and their bytes as the kernel compares them. */
import type { NftKeyType } from '../../dataplane/nft.ts';
import { ipToBytes, parseIp } from '../../net/address.ts';
import { macFromBytes, macToBytes, parseMac } from '../../net/mac.ts';
import { must } from '../../net/result.ts';
import { readIp } from '../netlink/attribute.ts';
import { NetlinkDecodeError, readText } from '../netlink/bytes.ts';
import { markBytes } from './mark.ts';

/** `enum datatypes` of nftables' own datatype.h. The kernel only keeps the number; a concatenation has 6 bits for each. */
const TYPES: ReadonlyMap<number, NftKeyType> = new Map([
  [7, 'ipv4_addr'],
  [8, 'ipv6_addr'],
  [9, 'ether_addr'],
  [19, 'mark'],
  [41, 'ifname'],
]);
const TYPE_BITS = 6;

/** A component takes a whole number of 32-bit registers. */
const LENGTHS: { readonly [type in NftKeyType]: { readonly value: number; readonly padded: number } } = {
  ifname: { value: 16, padded: 16 },
  ether_addr: { value: 6, padded: 8 },
  ipv4_addr: { value: 4, padded: 4 },
  ipv6_addr: { value: 16, padded: 16 },
  mark: { value: 4, padded: 4 },
};

/** Of NFTA_SET_KEY_TYPE; nothing when there is a type among them that we never use. */
export function decodeKeyType(number: number): readonly NftKeyType[] | undefined {
  const types: (NftKeyType | undefined)[] = [];
  for (let rest = number >>> 0; rest > 0; rest >>>= TYPE_BITS) types.unshift(TYPES.get(rest & ((1 << TYPE_BITS) - 1)));
  const known = types.filter((type) => type !== undefined);
  return known.length === types.length && known.length > 0 ? known : undefined;
}

/** Throws Error for a key that does not fit the types. */
export function encodeKey(key: readonly string[], types: readonly NftKeyType[]): Buffer {
  if (key.length !== types.length) throw new Error(`the key ${key.join(' . ')} does not have ${types.length} parts`);
  return Buffer.concat(
    types.map((type, at) => {
      const bytes = Buffer.alloc(LENGTHS[type].padded);
      bytes.set(encodePart(key[at] ?? '', type));
      return bytes;
    }),
  );
}

/** Throws NetlinkDecodeError. */
export function decodeKey(bytes: Buffer, types: readonly NftKeyType[]): string[] {
  let offset = 0;
  return types.map((type) => {
    const { value, padded } = LENGTHS[type];
    const part = bytes.subarray(offset, offset + value);
    if (part.length < value)
      throw new NetlinkDecodeError(`a key of ${types.join(' . ')} has only ${bytes.length} bytes`);
    offset += padded;
    return decodePart(part, type);
  });
}

function encodePart(text: string, type: NftKeyType): Uint8Array {
  if (type === 'ether_addr') return macToBytes(must(parseMac(text)));
  if (type === 'mark') return markBytes(text);
  const bytes = type === 'ifname' ? Buffer.from(text) : ipToBytes(must(parseIp(text)));
  if (bytes.length > LENGTHS[type].value) throw new Error(`"${text}" is too long for ${type}`);
  return bytes;
}

function decodePart(bytes: Buffer, type: NftKeyType): string {
  if (type === 'ether_addr') return macFromBytes(bytes);
  if (type === 'mark') return `0x${bytes.toString('hex')}`;
  return type === 'ifname' ? readText(bytes) : readIp(bytes);
}
