/** What of a subnet can be given to endpoints. */
import type { AllocatedSubnet } from '../api/network.ts';
import {
  type Family,
  family,
  type HostPrefix,
  type IpAddress,
  ipFromNumber,
  ipToNumber,
  makeHostPrefix,
  type Prefix,
  prefixContains,
  prefixFirst,
  prefixLength,
  prefixSize,
} from '../net/address.ts';

/** Host parts of a huge IPv6 subnet stop here, so that an offset is a safe integer. */
const OFFSET_BITS = 48n;

/** A subnet with its arithmetic done. Offsets count from the network address. */
export interface Space {
  readonly cidr: Prefix;
  readonly family: Family;
  readonly base: bigint;
  readonly size: number;
  /** First and last offset that may be handed out unasked: the `ipRange`, or all but network and broadcast address. */
  readonly first: number;
  readonly last: number;
  /** The gateway, and what the Network reserves. */
  readonly reserved: ReadonlySet<IpAddress>;
}

export function makeSpace({ cidr, gateway, ipRange, reserved }: AllocatedSubnet): Space {
  const base = prefixFirst(cidr);
  const size = clamp(prefixSize(cidr));
  const range = ipRange ?? cidr;
  const start = Number(clampOffset(prefixFirst(range) - base));
  const usable = usableOffsets(cidr, size);
  return {
    cidr,
    family: family(cidr),
    base,
    size,
    first: Math.max(start, usable.first),
    last: Math.min(start + clamp(prefixSize(range)) - 1, usable.last),
    reserved: new Set([gateway, ...Object.values(reserved ?? {})]),
  };
}

const clampOffset = (value: bigint): bigint => (value > 1n << OFFSET_BITS ? 1n << OFFSET_BITS : value);
const clamp = (value: bigint): number => Number(clampOffset(value));

/** IPv4: not the network and broadcast address, but both of a /31 (RFC 3021). IPv6: not the subnet-router anycast (RFC 4291 2.6.1). */
function usableOffsets(cidr: Prefix, size: number): { readonly first: number; readonly last: number } {
  const hostBits = (family(cidr) === 4 ? 32 : 128) - prefixLength(cidr);
  if (hostBits <= 1) return { first: 0, last: size - 1 };
  return { first: 1, last: family(cidr) === 4 ? size - 2 : size - 1 };
}

/** How many addresses can be handed out unasked while none is in use. */
export function spaceCapacity(space: Space): number {
  const within = [...space.reserved].filter((ip) => {
    const offset = offsetOf(space, ip);
    return offset !== undefined && offset >= space.first && offset <= space.last;
  });
  return Math.max(0, space.last - space.first + 1 - within.length);
}

export const addressAt = (space: Space, offset: number): IpAddress =>
  ipFromNumber(space.family, space.base + BigInt(offset));

/** Nothing for an address outside the subnet. */
export const offsetOf = (space: Space, ip: IpAddress): number | undefined =>
  prefixContains(space.cidr, ip) ? clamp(ipToNumber(ip) - space.base) : undefined;

export const withLength = (space: Space, ip: IpAddress): HostPrefix => makeHostPrefix(ip, prefixLength(space.cidr));

/** Whether an endpoint can have it at all: an address with a meaning of its own, the gateway or a reserved one cannot. */
export function isAssignable(space: Space, offset: number, ip: IpAddress): boolean {
  const { first, last } = usableOffsets(space.cidr, space.size);
  return offset >= first && offset <= last && !space.reserved.has(ip);
}
