/** What is to be done for one AddressPool, decided from what is known of it. */
import type { AddressPool } from '../api/address-pool.ts';
import { FINALIZER_IN_USE } from '../api/meta.ts';
import { poolViolation } from '../api/pool-rules.ts';
import type { TakenSubnets } from '../ipam/taken.ts';
import { mergePatchOf, setConditions, type Verdict } from '../kube/status.ts';
import { asPool } from './subnet-plan.ts';

export interface PoolFacts {
  readonly pool: AddressPool;
  readonly taken: TakenSubnets;
  /** The holders of claims on its subnets, for people: `Network "blue"`. Asked of a deleted pool only. */
  readonly holders: () => readonly string[];
  readonly now: Date;
}

export type PoolOp =
  | { readonly kind: 'add-finalizer' }
  | { readonly kind: 'write-status'; readonly patch: object }
  /** Only when the API server confirms that no claim is left. */
  | { readonly kind: 'let-go' };

/** What an API integer and a JavaScript number both hold: an IPv6 pool may have more subnets than that. */
const MOST = Number.MAX_SAFE_INTEGER;
const EXAMPLES = 3;

export function planPool(facts: PoolFacts): readonly PoolOp[] {
  const { pool } = facts;
  const hasFinalizer = pool.metadata.finalizers?.includes(FINALIZER_IN_USE) ?? false;
  const isDeleting = pool.metadata.deletionTimestamp !== undefined;
  if (isDeleting && facts.holders().length === 0) return hasFinalizer ? [{ kind: 'let-go' }] : [];
  if (!isDeleting && !hasFinalizer) return [{ kind: 'add-finalizer' }];
  const patch = poolStatus(facts);
  return patch ? [{ kind: 'write-status', patch }] : [];
}

/** Neither on its way out nor cut in a way that gives no subnets. */
export const isUsablePool = (pool: AddressPool): boolean =>
  pool.metadata.deletionTimestamp === undefined && specProblem(pool) === undefined;

/** The API server refuses it; what was stored before a rule came is met here. */
function specProblem(pool: AddressPool): string | undefined {
  const violation = poolViolation(pool);
  return violation && `${violation.field}: ${violation.message}`;
}

function poolStatus({ pool, taken, holders, now }: PoolFacts): object | undefined {
  const problem = specProblem(pool);
  const usage = problem === undefined ? taken.usage(asPool(pool)) : { total: 0, free: 0 };
  const total = Math.min(usage.total, MOST);
  const free = Math.min(usage.free, MOST);
  const verdicts = [acceptedVerdict(problem), availableVerdict(pool, free, holders)];
  const conditions = setConditions(pool.status.conditions, verdicts, { generation: pool.metadata.generation, now });
  return mergePatchOf(pool.status, { total, used: total - free, free, conditions });
}

const acceptedVerdict = (problem: string | undefined): Verdict =>
  problem === undefined
    ? { type: 'Accepted', status: 'True', reason: 'Valid', message: 'the pool can be cut as asked' }
    : { type: 'Accepted', status: 'False', reason: 'Invalid', message: problem };

function availableVerdict({ metadata }: AddressPool, free: number, holdersOf: () => readonly string[]): Verdict {
  if (metadata.deletionTimestamp !== undefined) {
    const holders = holdersOf();
    const shown = holders.slice(0, EXAMPLES).join(', ');
    const more = holders.length > EXAMPLES ? ` and ${holders.length - EXAMPLES} more` : '';
    const message = `deleted, but in use by ${shown}${more}: nothing new is taken from it`;
    return { type: 'Available', status: 'False', reason: 'InUse', message };
  }
  return free > 0
    ? { type: 'Available', status: 'True', reason: 'Free', message: 'the pool has free subnets' }
    : { type: 'Available', status: 'False', reason: 'Exhausted', message: 'no subnet is free: add an AddressPool' };
}
