/**
 * All claims that we know of: those that the API server has shown us, and those that we are creating, which count as taken from
 * the moment of the decision. So two keys that are worked on side by side never choose the same value.
 */
import type { NetworkClaim } from '../api/network-claim.ts';
import type { Change } from '../kube/cache.ts';
import type { Prefix } from '../net/address.ts';
import type { Vni } from '../net/vni.ts';
import { type Claim, claimOf, type Holder, type WantedClaim } from './claim.ts';
import { claimedVni } from './network-plan.ts';
import { claimedPrefix } from './subnet-plan.ts';

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
  all(): readonly Claim[];
  /** The same objects until something changes. */
  subnets(): readonly Prefix[];
  vnis(): ReadonlySet<Vni>;
}

/** Longer than any of our calls may take. */
const ASSUMED_MS = 60_000;
/** Longer than a watch may be out of date. */
const CONFIRMED_MS = 600_000;

interface Assumed {
  readonly claim: Claim;
  readonly until: number;
}

export function createClaimLedger(now: () => number = () => performance.now()): ClaimLedger {
  return new Ledger(now);
}

class Ledger implements ClaimLedger {
  readonly #now: () => number;
  readonly #claims = new Map<string, Claim>();
  readonly #assumed = new Map<string, Assumed>();
  readonly #byHolder = new Map<string, Set<string>>();
  #taken: { readonly subnets: readonly Prefix[]; readonly vnis: ReadonlySet<Vni> } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  observe({ type, object }: Change<NetworkClaim>): void {
    const { name } = object.metadata;
    this.forget(name);
    this.#drop(name);
    if (type !== 'deleted') this.#keep(claimOf(object));
  }

  assume({ name, value, pool }: WantedClaim, holder: Holder): void {
    const claim: Claim = { name, value, pool, holder, uid: undefined, createdAt: '' };
    this.#assumed.set(name, { claim, until: this.#now() + ASSUMED_MS });
    this.#taken = undefined;
  }

  confirm(claim: NetworkClaim): void {
    // Seen by the informer already, and perhaps deleted since: what the informer said is newer.
    if (!this.#assumed.has(claim.metadata.name)) return;
    this.#assumed.set(claim.metadata.name, { claim: claimOf(claim), until: this.#now() + CONFIRMED_MS });
  }

  forget(name: string): void {
    this.#assumed.delete(name);
    this.#taken = undefined;
  }

  byName(name: string): Claim | undefined {
    this.#expire();
    return this.#claims.get(name) ?? this.#assumed.get(name)?.claim;
  }

  heldBy(uid: string): readonly Claim[] {
    this.#expire();
    const seen = [...(this.#byHolder.get(uid) ?? [])].flatMap((name) => this.#claims.get(name) ?? []);
    const assumed = [...this.#assumed.values()].map(({ claim }) => claim).filter((claim) => claim.holder.uid === uid);
    return [...seen, ...assumed];
  }

  all(): readonly Claim[] {
    return [...this.#claims.values()];
  }

  subnets(): readonly Prefix[] {
    return this.#takenNow().subnets;
  }

  vnis(): ReadonlySet<Vni> {
    return this.#takenNow().vnis;
  }

  #takenNow() {
    this.#expire();
    if (this.#taken) return this.#taken;
    const all = [...this.#claims.values(), ...[...this.#assumed.values()].map(({ claim }) => claim)];
    const subnets = all.map(claimedPrefix).filter((prefix) => prefix !== undefined);
    const vnis = new Set(all.map(claimedVni).filter((vni) => vni !== undefined));
    return (this.#taken = { subnets, vnis });
  }

  #keep(claim: Claim): void {
    this.#claims.set(claim.name, claim);
    const names = this.#byHolder.get(claim.holder.uid) ?? new Set();
    this.#byHolder.set(claim.holder.uid, names.add(claim.name));
    this.#taken = undefined;
  }

  #drop(name: string): void {
    const claim = this.#claims.get(name);
    if (!claim) return;
    this.#claims.delete(name);
    const names = this.#byHolder.get(claim.holder.uid);
    names?.delete(name);
    if (names?.size === 0) this.#byHolder.delete(claim.holder.uid);
    this.#taken = undefined;
  }

  #expire(): void {
    const now = this.#now();
    for (const [name, { until }] of this.#assumed) if (until <= now) this.forget(name);
  }
}
