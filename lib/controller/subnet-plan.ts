/** Which subnets from the pools a network or node has, needs, or holds too many of. */
import type { AddressPool } from '../api/address-pool.ts';
import { subnetClaimName } from '../api/network-claim.ts';
import { pickSubnet } from '../ipam/pools.ts';
import type { Pool, TakenSubnets } from '../ipam/taken.ts';
import { type Family, family, type Prefix, prefixAddress, prefixContains, prefixLength } from '../net/address.ts';
import { type Claim, inOrderOfCreation, type Problem, type WantedClaim } from './claim.ts';

export interface SubnetFacts {
  /** What is in use already, as the holder's own record says: never exchanged for something else. */
  readonly current: readonly Prefix[];
  /** The subnet claims of this holder. */
  readonly held: readonly Claim[];
  /** Of the right purpose, in the order in which they are to be used. */
  readonly pools: readonly AddressPool[];
  /** Everything that must not be given out: claims of anyone and subnets that are named by hand. */
  readonly taken: TakenSubnets;
}

export interface SubnetDecision {
  readonly subnets: readonly Prefix[];
  /** To be claimed before `subnets` may be used. */
  readonly missing: readonly WantedClaim[];
  /** Claims of this holder that stand for nothing it uses: another controller was quicker. */
  readonly surplus: readonly Claim[];
  /** One family could not be served; the others are. */
  readonly problem: Problem | undefined;
}

/** A holder that uses nothing yet gets one subnet of each family that the pools have. */
export function decideSubnets(facts: SubnetFacts): SubnetDecision {
  return facts.current.length > 0 ? keepCurrent(facts) : chooseNew(facts);
}

function keepCurrent({ current, held, pools }: SubnetFacts): SubnetDecision {
  const isHeld = (prefix: Prefix): boolean => held.some((claim) => claim.value === prefix && claim.uid !== undefined);
  return {
    subnets: current,
    missing: current.filter((prefix) => !isHeld(prefix)).map((prefix) => wantedSubnet(prefix, poolOf(prefix, pools))),
    surplus: held.filter((claim) => !current.some((prefix) => prefix === claim.value)),
    problem: undefined,
  };
}

function chooseNew(facts: SubnetFacts): SubnetDecision {
  const held = inOrderOfCreation(facts.held);
  const subnets: Prefix[] = [];
  const missing: WantedClaim[] = [];
  let problem: Problem | undefined;
  for (const of of familiesOf(facts)) {
    const claim = held.find((one) => claimedFamily(one) === of);
    const choice = claim ? asWanted(claim) : chooseFrom(facts, of);
    if ('reason' in choice) {
      problem = choice;
      continue;
    }
    subnets.push(choice.value as Prefix);
    if (claim?.uid === undefined) missing.push(choice);
  }
  if (subnets.length === 0) problem ??= { reason: 'NoPool', message: NO_POOL };
  return { subnets, missing, surplus: [], problem };
}

const NO_POOL = 'there is no AddressPool to take a subnet from: create one, or name a subnet';

function familiesOf({ pools, held }: SubnetFacts): readonly Family[] {
  const found = new Set([...pools.map((pool) => family(pool.spec.cidr)), ...held.map(claimedFamily)]);
  return ([4, 6] as const).filter((of) => found.has(of));
}

const claimedFamily = (claim: Claim): Family => (claim.value.includes(':') ? 6 : 4);

function chooseFrom({ pools, taken }: SubnetFacts, of: Family): WantedClaim | Problem {
  const picked = pickSubnet(pools.filter((pool) => family(pool.spec.cidr) === of).map(asPool), taken);
  if (!picked.ok) return { reason: 'PoolExhausted', message: picked.error.message };
  return wantedSubnet(picked.value.cidr, picked.value.pool);
}

export const asPool = ({ metadata, spec }: AddressPool): Pool => ({
  name: metadata.name,
  cidr: spec.cidr,
  prefixLength: spec.prefixLength,
});

const asWanted = ({ name, value, pool }: Claim): WantedClaim => ({ name, value, pool });

const wantedSubnet = (prefix: Prefix, pool: string | undefined): WantedClaim => ({
  name: subnetClaimName(prefix),
  value: prefix,
  pool,
});

/** The pool that a subnet must have come from whose claim was deleted by hand. */
const poolOf = (prefix: Prefix, pools: readonly AddressPool[]): string | undefined =>
  pools.find(
    ({ spec }) => spec.prefixLength === prefixLength(prefix) && prefixContains(spec.cidr, prefixAddress(prefix)),
  )?.metadata.name;
