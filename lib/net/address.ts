/**
 * IP addresses and prefixes as branded canonical text: `===` compares them, JSON carries them, and a wrong mix is a type
 * error. IPv6 is in RFC 5952 form.
 */
import ipaddr from 'ipaddr.js';
import { err, ok, type Result } from './result.ts';

/** A single address: `10.0.0.2`, `fd00::2`. */
export type IpAddress = string & { readonly __brand: 'IpAddress' };
/** A network prefix, host bits zero: `10.0.0.0/24`. */
export type Prefix = string & { readonly __brand: 'Prefix' };
/** An address with the length of its prefix: `10.0.0.2/24`. */
export type HostPrefix = string & { readonly __brand: 'HostPrefix' };
export type Family = 4 | 6;

const bits = (family: Family): number => (family === 4 ? 32 : 128);

export function parseIp(text: string): Result<IpAddress> {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ok(text as IpAddress);
  if (!isIpv6(text)) return err(`"${text}" is not an IP address: write one such as 10.0.0.2 or fd00::2`);
  return ok(ipFromBytes(new Uint8Array(ipaddr.parse(text).toByteArray())));
}

/** Neither with a zone nor an IPv4 address in the clothes of IPv6, which Kubernetes refuses too. */
function isIpv6(text: string): boolean {
  if (!text.includes(':') || /[%.]/.test(text) || !ipaddr.IPv6.isValid(text)) return false;
  return !ipaddr.IPv6.parse(text).isIPv4MappedAddress();
}

export const family = (ip: IpAddress | Prefix | HostPrefix): Family => (ip.includes(':') ? 6 : 4);

/** Network byte order: 4 or 16 bytes. */
export function ipToBytes(ip: IpAddress): Uint8Array {
  return new Uint8Array(ipaddr.parse(ip).toByteArray());
}

/** From 4 or 16 bytes in network byte order; throws RangeError on any other length. */
export function ipFromBytes(bytes: Uint8Array): IpAddress {
  if (bytes.length !== 4 && bytes.length !== 16)
    throw new RangeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
  const parsed = ipaddr.fromByteArray([...bytes]);
  return (parsed instanceof ipaddr.IPv6 ? parsed.toRFC5952String() : parsed.toString()) as IpAddress;
}

export function ipToNumber(ip: IpAddress): bigint {
  if (family(ip) === 4) return BigInt(ip4ToNumber(ip));
  return ipToBytes(ip).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** Digit by digit: allocators go through tens of thousands at once. */
function ip4ToNumber(ip: IpAddress): number {
  let number = 0;
  let byte = 0;
  for (let i = 0; i < ip.length; i++) {
    const digit = ip.charCodeAt(i) - 48;
    if (digit >= 0) byte = byte * 10 + digit;
    else [number, byte] = [number * 256 + byte, 0];
  }
  return number * 256 + byte;
}

/** Throws RangeError when the number does not fit the family. */
export function ipFromNumber(of: Family, value: bigint): IpAddress {
  if (value < 0n || value >= 1n << BigInt(bits(of))) throw new RangeError(`${value} is no IPv${of} address`);
  if (of === 4) return ip4FromNumber(Number(value));
  const bytes = new Uint8Array(bits(of) / 8);
  for (let i = bytes.length - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return ipFromBytes(bytes);
}

function splitLength(text: string): Result<{ ip: IpAddress; length: number }> {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  if (!match) return err(`"${text}" has no prefix length: write one such as 10.0.0.0/24`);
  const ip = parseIp(match[1] ?? '');
  if (!ip.ok) return ip;
  const length = Number(match[2]);
  const most = bits(family(ip.value));
  if (length > most) return err(`"${text}" has a prefix length over ${most}`);
  return ok({ ip: ip.value, length });
}

/** Refuses host bits and says what the prefix should be, as `docker network create` does. */
export function parsePrefix(text: string): Result<Prefix> {
  const parts = splitLength(text);
  if (!parts.ok) return parts;
  const masked = makePrefix(parts.value.ip, parts.value.length);
  if (prefixAddress(masked) !== parts.value.ip) return err(`"${text}" has host bits set: it should be ${masked}`);
  return ok(masked);
}

export function parseHostPrefix(text: string): Result<HostPrefix> {
  const parts = splitLength(text);
  return parts.ok ? ok(`${parts.value.ip}/${parts.value.length}` as HostPrefix) : parts;
}

/** The prefix of `length` bits that holds `ip`. */
export function makePrefix(ip: IpAddress, length: number): Prefix {
  const of = family(ip);
  const shift = BigInt(bits(of) - length);
  return `${ipFromNumber(of, (ipToNumber(ip) >> shift) << shift)}/${length}` as Prefix;
}

export const makeHostPrefix = (ip: IpAddress, length: number): HostPrefix => `${ip}/${length}` as HostPrefix;
/** `/32` or `/128`. */
export const singlePrefix = (ip: IpAddress): Prefix => `${ip}/${bits(family(ip))}` as Prefix;

/** The address part: a prefix's first address, a host prefix's own address. */
export const prefixAddress = (prefix: Prefix | HostPrefix): IpAddress =>
  prefix.slice(0, prefix.indexOf('/')) as IpAddress;
export const prefixLength = (prefix: Prefix | HostPrefix): number => Number(prefix.slice(prefix.indexOf('/') + 1));
/** How many addresses it spans. */
export const prefixSize = (prefix: Prefix): bigint => 1n << BigInt(bits(family(prefix)) - prefixLength(prefix));
export const prefixFirst = (prefix: Prefix): bigint => ipToNumber(prefixAddress(prefix));

const ip4FromNumber = (value: number): IpAddress =>
  `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as IpAddress;

export function prefixContains(prefix: Prefix, ip: IpAddress): boolean {
  if (family(prefix) !== family(ip)) return false;
  return makePrefix(ip, prefixLength(prefix)) === prefix;
}

export function prefixesOverlap(a: Prefix, b: Prefix): boolean {
  return prefixLength(a) <= prefixLength(b) ? prefixContains(a, prefixAddress(b)) : prefixContains(b, prefixAddress(a));
}
