/** Messages as fast-check draws them. */
import fc from 'fast-check';
import { makeHostPrefix, makePrefix, ipFromBytes } from '../../../../lib/net/address.ts';
import { macFromBytes } from '../../../../lib/net/mac.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

export const ip4 = bytes(4).map(ipFromBytes);
export const ip6 = bytes(16).map(ipFromBytes);
export const ip = fc.oneof(ip4, ip6);
export const mac = bytes(6).map(macFromBytes);
export const u32 = fc.nat(0xffffffff);
export const index = fc.nat(0x7fffffff);
export const text = fc.string({ minLength: 1, maxLength: 15, unit: 'grapheme-ascii' });
export const hostPrefix = fc.oneof(
  fc.tuple(ip4, fc.nat(32)).map(([address, length]) => makeHostPrefix(address, length)),
  fc.tuple(ip6, fc.nat(128)).map(([address, length]) => makeHostPrefix(address, length)),
);
export const prefix = fc.oneof(
  fc.tuple(ip4, fc.nat(32)).map(([address, length]) => makePrefix(address, length)),
  fc.tuple(ip6, fc.nat(128)).map(([address, length]) => makePrefix(address, length)),
);
