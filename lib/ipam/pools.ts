/** Subnets from pools and VNIs from their range: the lowest that is free, so that what was freed is used again. */
import { family, ipFromNumber, makePrefix, type Prefix, prefixFirst, prefixLength } from '../net/address.ts';
import { err, ok, type Result } from '../net/result.ts';
import { type Vni, VNI_MAX, VNI_MIN } from '../net/vni.ts';
import type { IpamError } from './error.ts';

/** A prefix that is cut into subnets of one length. */
export interface Pool {
  readonly name: string;
  readonly cidr: Prefix;
  readonly prefixLength: number;
}

/** A huge IPv6 pool gives out its first subnets only, so that a slot's number is a safe integer. */
const SLOT_BITS = 48;

/** A pool as slots, each one subnet, numbered from 0. */
interface Slots {
  readonly pool: Pool;
  readonly base: bigint;
  /** log2 of a slot's size in addresses. */
  readonly shift: bigint;
  readonly count: number;
}
/** Slots that are taken, both ends included. */
interface Span {
  readonly first: number;
  readonly last: number;
}

/**
 * The first gap of the first pool that has one. `taken` may hold prefixes of any length from anywhere, overlapping or not: a slot is free when
 * none of them touches it.
 */
export function pickSubnet(
  pools: readonly Pool[],
  taken: readonly Prefix[],
): Result<{ readonly cidr: Prefix; readonly pool: string }, IpamError> {
  for (const pool of pools) {
    const slots = makeSlots(pool);
    const free = firstGap(slots, takenSpans(slots, taken));
    if (free !== undefined) return ok({ cidr: slotPrefix(slots, free), pool: pool.name });
  }
  const names = pools.map((pool) => `"${pool.name}" (${pool.cidr} in /${pool.prefixLength})`).join(', ');
  const what = names === '' ? 'there is no address pool' : `no free subnet is left in ${names}`;
  return err({ code: 'exhausted', message: `${what}: add an AddressPool` });
}

/** How many subnets a pool has, and how many of them nothing in `taken` touches. */
export function poolUsage(pool: Pool, taken: readonly Prefix[]): { readonly total: number; readonly free: number } {
  const slots = makeSlots(pool);
  let used = 0;
  let next = 0;
  for (const { first, last } of takenSpans(slots, taken)) {
    used += Math.max(0, last + 1 - Math.max(first, next));
    next = Math.max(next, last + 1);
  }
  return { total: slots.count, free: slots.count - used };
}

/** The lowest free one from `VNI_MIN` + 1: the very first is the ingress network's, as in Docker. */
export function pickVni(taken: ReadonlySet<Vni>): Result<Vni, IpamError> {
  for (let vni = VNI_MIN + 1; vni <= VNI_MAX; vni++) if (!taken.has(vni as Vni)) return ok(vni as Vni);
  return err({ code: 'exhausted', message: `all VNIs up to ${VNI_MAX} are in use: delete a Network` });
}

function makeSlots(pool: Pool): Slots {
  const subnetBits = pool.prefixLength - prefixLength(pool.cidr);
  const shift = BigInt((family(pool.cidr) === 4 ? 32 : 128) - pool.prefixLength);
  const count = subnetBits < 0 ? 0 : 2 ** Math.min(subnetBits, SLOT_BITS);
  return { pool, base: prefixFirst(pool.cidr), shift, count };
}

const slotPrefix = ({ pool, base, shift }: Slots, slot: number): Prefix =>
  makePrefix(ipFromNumber(family(pool.cidr), base + (BigInt(slot) << shift)), pool.prefixLength);

/** In ascending order, cut to the pool. */
function takenSpans(slots: Slots, taken: readonly Prefix[]): Span[] {
  const spans: Span[] = [];
  for (const prefix of taken) {
    if (family(prefix) !== family(slots.pool.cidr)) continue;
    const first = Number((prefixFirst(prefix) - slots.base) >> slots.shift);
    const last = first + 2 ** Math.max(0, slots.pool.prefixLength - prefixLength(prefix)) - 1;
    if (last >= 0 && first < slots.count)
      spans.push({ first: Math.max(first, 0), last: Math.min(last, slots.count - 1) });
  }
  return spans.sort((a, b) => a.first - b.first);
}

function firstGap(slots: Slots, taken: readonly Span[]): number | undefined {
  let next = 0;
  for (const { first, last } of taken) {
    if (first > next) break;
    next = Math.max(next, last + 1);
  }
  return next < slots.count ? next : undefined;
}
