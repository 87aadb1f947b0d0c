/** What must not be given out: subnets and VNIs, each counted as often as somebody has it, kept up to date value by value. */
import {
  family,
  ipFromNumber,
  makePrefix,
  type Prefix,
  prefixAddress,
  prefixContains,
  prefixFirst,
  prefixLength,
} from '../net/address.ts';
import { type Vni, VNI_MAX, VNI_MIN } from '../net/vni.ts';
import { type Block, Slots } from './slots.ts';

/** A prefix that is cut into subnets of one length. */
export interface Pool {
  readonly name: string;
  readonly cidr: Prefix;
  readonly prefixLength: number;
}

/** A huge IPv6 pool gives out its first subnets only, so that a slot's number is a safe integer. */
const SLOT_BITS = 48;

/** A pool as slots, each one subnet, numbered from 0. */
interface Cut {
  readonly pool: Pool;
  readonly base: bigint;
  /** log2 of a slot's size in addresses. */
  readonly shift: bigint;
  /** log2 of the number of slots; negative when a subnet is larger than the pool. */
  readonly bits: number;
  readonly slots: Slots;
}

/** Prefixes of any length from anywhere, overlapping or not. A pool's subnet is free when none of them touches it. */
export class TakenSubnets {
  readonly #times = new Map<Prefix, number>();
  readonly #cuts = new Map<string, Cut>();

  constructor(taken: readonly Prefix[] = []) {
    for (const prefix of taken) this.take(prefix);
  }

  take(prefix: Prefix): void {
    const times = this.#times.get(prefix) ?? 0;
    this.#times.set(prefix, times + 1);
    if (times === 0) this.#eachBlock(prefix, (slots, block) => slots.take(block));
  }

  /** The reverse of one `take`. */
  free(prefix: Prefix): void {
    const times = this.#times.get(prefix) ?? 0;
    if (times > 1) this.#times.set(prefix, times - 1);
    else if (this.#times.delete(prefix)) this.#eachBlock(prefix, (slots, block) => slots.free(block));
  }

  has(prefix: Prefix): boolean {
    return this.#times.has(prefix);
  }

  /** The lowest free subnet of the pool. */
  lowestFree(pool: Pool): Prefix | undefined {
    const { base, shift, slots } = this.#cut(pool);
    const slot = slots.lowestFree();
    if (slot === undefined) return undefined;
    return makePrefix(ipFromNumber(family(pool.cidr), base + (BigInt(slot) << shift)), pool.prefixLength);
  }

  /** How many subnets the pool has, and how many of them nothing touches. */
  usage(pool: Pool): { readonly total: number; readonly free: number } {
    const { slots } = this.#cut(pool);
    return { total: slots.count, free: slots.count - slots.used() };
  }

  /** What is kept for other pools is dropped. */
  keepOnly(pools: readonly Pool[]): void {
    const kept = new Set(pools.map(cutKey));
    for (const key of this.#cuts.keys()) if (!kept.has(key)) this.#cuts.delete(key);
  }

  #cut(pool: Pool): Cut {
    const known = this.#cuts.get(cutKey(pool));
    if (known) return known;
    const cut = makeCut(pool);
    for (const prefix of this.#times.keys()) {
      const block = blockOf(cut, prefix);
      if (block) cut.slots.take(block);
    }
    this.#cuts.set(cutKey(pool), cut);
    return cut;
  }

  #eachBlock(prefix: Prefix, visit: (slots: Slots, block: Block) => void): void {
    for (const cut of this.#cuts.values()) {
      const block = blockOf(cut, prefix);
      if (block) visit(cut.slots, block);
    }
  }
}

const cutKey = ({ cidr, prefixLength }: Pool): string => `${cidr} ${prefixLength}`;

function makeCut(pool: Pool): Cut {
  const bits = Math.min(pool.prefixLength - prefixLength(pool.cidr), SLOT_BITS);
  const shift = BigInt((family(pool.cidr) === 4 ? 32 : 128) - pool.prefixLength);
  return { pool, base: prefixFirst(pool.cidr), shift, bits, slots: new Slots(bits < 0 ? 0 : 2 ** bits) };
}

/** The slots that a prefix touches. */
function blockOf({ pool, base, shift, bits, slots }: Cut, prefix: Prefix): Block | undefined {
  if (family(prefix) !== family(pool.cidr) || slots.count === 0) return undefined;
  const level = pool.prefixLength - prefixLength(prefix);
  if (level >= bits) return prefixContains(prefix, prefixAddress(pool.cidr)) ? { first: 0, level: bits } : undefined;
  const first = Number((prefixFirst(prefix) - base) >> shift);
  return first >= 0 && first < slots.count ? { first, level: Math.max(0, level) } : undefined;
}

/** The very first VNI is the ingress network's, as in Docker: it is not given out. */
const FIRST_VNI = VNI_MIN + 1;

export class TakenVnis {
  readonly #slots = new Slots(VNI_MAX - FIRST_VNI + 1);

  constructor(taken: readonly Vni[] = []) {
    for (const vni of taken) this.take(vni);
  }

  take(vni: Vni): void {
    if (vni >= FIRST_VNI) this.#slots.take({ first: vni - FIRST_VNI, level: 0 });
  }

  /** The reverse of one `take`. */
  free(vni: Vni): void {
    if (vni >= FIRST_VNI) this.#slots.free({ first: vni - FIRST_VNI, level: 0 });
  }

  lowestFree(): Vni | undefined {
    const slot = this.#slots.lowestFree();
    return slot === undefined ? undefined : ((FIRST_VNI + slot) as Vni);
  }
}
