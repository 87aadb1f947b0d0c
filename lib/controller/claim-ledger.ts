/**
 * All claims that we know of: those that the API server has shown us, and those that we are creating, which count as taken from
 * the moment of the decision. So two keys that are worked on side by side never choose the same value.
 */
import type { NetworkClaim } from '../api/network-claim.ts';
import type { Change } from '../kube/cache.ts';
import { type Claim, claimedPrefix, claimedVni, claimOf, type Holder, type WantedClaim } from './claim.ts';
import { createTaken, free, take, type Taken, type Values } from './taken.ts';

export interface ClaimLedger {
  /** What the informer says, which ends any assumption about that name. */
  observe(change: Change<NetworkClaim>): void;
  /** Before a claim is created. Forgotten after a while if the server never shows it. */
  assume(wanted: WantedClaim, holder: Holder): void;
  /** The server has answered with it. */
  confirm(claim: NetworkClaim): void;
  /** The server has refused it. */
  forget(name: string): void;
  byName(name: string): Claim | undefined;
  heldBy(uid: string): readonly Claim[];
  /** Those that the API server has shown us. */
  all(): readonly Claim[];
}

/** Longer than any of our calls may take. */
const ASSUMED_MS = 60_000;
/** Longer than a watch may be out of date. */
const CONFIRMED_MS = 600_000;

interface Assumed {
  readonly claim: Claim;
  readonly until: number;
}

/** Counts in `taken` what is claimed. */
export function createClaimLedger(
  taken: Taken = createTaken(),
  now: () => number = () => performance.now(),
): ClaimLedger {
  return new Ledger(taken, now);
}

class Ledger implements ClaimLedger {
  readonly #taken: Taken;
  readonly #now: () => number;
  readonly #claims = new Map<string, Claim>();
  readonly #assumed = new Map<string, Assumed>();
  readonly #byHolder = new Map<string, Set<Claim>>();
  /** No assumption ends before. */
  #nextEnd = Infinity;

  constructor(taken: Taken, now: () => number) {
    this.#taken = taken;
    this.#now = now;
  }

  observe({ type, object }: Change<NetworkClaim>): void {
    const { name } = object.metadata;
    const before = this.#claims.get(name);
    if (type === 'deleted') this.#claims.delete(name);
    else this.#claims.set(name, this.#keep(claimOf(object)));
    if (before) this.#drop(before);
    this.forget(name);
  }

  assume({ name, value, pool }: WantedClaim, holder: Holder): void {
    this.#assume({ name, value, pool, holder, uid: undefined, createdAt: '' }, ASSUMED_MS);
  }

  confirm(claim: NetworkClaim): void {
    // Seen by the informer already, and perhaps deleted since: what the informer said is newer.
    if (this.#assumed.has(claim.metadata.name)) this.#assume(claimOf(claim), CONFIRMED_MS);
  }

  forget(name: string): void {
    const assumed = this.#assumed.get(name);
    if (!assumed) return;
    this.#assumed.delete(name);
    this.#drop(assumed.claim);
  }

  byName(name: string): Claim | undefined {
    this.#expire();
    return this.#claims.get(name) ?? this.#assumed.get(name)?.claim;
  }

  heldBy(uid: string): readonly Claim[] {
    this.#expire();
    return [...(this.#byHolder.get(uid) ?? [])];
  }

  all(): readonly Claim[] {
    return [...this.#claims.values()];
  }

  #assume(claim: Claim, forMs: number): void {
    const until = this.#now() + forMs;
    const before = this.#assumed.get(claim.name);
    this.#assumed.set(claim.name, { claim: this.#keep(claim), until });
    if (before) this.#drop(before.claim);
    this.#nextEnd = Math.min(this.#nextEnd, until);
  }

  #keep(claim: Claim): Claim {
    const { uid } = claim.holder;
    this.#byHolder.set(uid, (this.#byHolder.get(uid) ?? new Set()).add(claim));
    take(this.#taken, claimValues(claim));
    return claim;
  }

  #drop(claim: Claim): void {
    const { uid } = claim.holder;
    const claims = this.#byHolder.get(uid);
    claims?.delete(claim);
    if (claims?.size === 0) this.#byHolder.delete(uid);
    free(this.#taken, claimValues(claim));
  }

  #expire(): void {
    const now = this.#now();
    if (now < this.#nextEnd) return;
    for (const [name, { until }] of this.#assumed) if (until <= now) this.forget(name);
    this.#nextEnd = Math.min(...[...this.#assumed.values()].map(({ until }) => until));
  }
}

function claimValues(claim: Claim): Values {
  const prefix = claimedPrefix(claim);
  const vni = claimedVni(claim);
  return { subnets: prefix === undefined ? [] : [prefix], vnis: vni === undefined ? [] : [vni] };
}
