/** Creates and releases claims. The API server's unique names decide who gets a value; whoever loses learns who holds it. */
import { networkClaims } from '../api/network-claim.ts';
import { ApiError, hasReason } from '../kube/error.ts';
import type { Claim, Holder, WantedClaim } from './claim.ts';
import type { Context } from './context.ts';

/**
 * Creates all of them and resolves when each is held by the holder or known to be someone else's; the ledger tells which. Throws
 * ApiError when it could not be found out: the values stay reserved for the holder, whose next plan asks for the same ones.
 */
export async function createClaims(context: Context, wanted: readonly WantedClaim[], holder: Holder): Promise<void> {
  // Before the first await: whoever plans next must see these as taken.
  for (const claim of wanted) context.view.claims.assume(claim, holder);
  const outcomes = await Promise.allSettled(wanted.map((claim) => createClaim(context, claim, holder)));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

async function createClaim(context: Context, wanted: WantedClaim, holder: Holder): Promise<void> {
  const { client, view } = context;
  const { name, value, pool } = wanted;
  const body = { metadata: { name }, spec: { value, holder, ...(pool === undefined ? {} : { pool }) } };
  try {
    view.claims.confirm(await client.create(networkClaims, body));
  } catch (error) {
    if (hasReason(error, 'AlreadyExists')) return learnHolder(context, wanted);
    if (error instanceof ApiError && isRefusal(error)) view.claims.forget(name);
    throw error;
  }
}

/** The server answered and did not carry it out; anything else leaves open whether the claim exists. */
const isRefusal = ({ status }: ApiError): boolean => status >= 400 && status < 500;

const UNREADABLE: Holder = { kind: 'Network', name: '(an unreadable NetworkClaim)', uid: '' };

async function learnHolder({ client, view, logger }: Context, wanted: WantedClaim): Promise<void> {
  try {
    view.claims.confirm(await client.get(networkClaims, wanted.name));
  } catch (error) {
    if (hasReason(error, 'NotFound')) view.claims.forget(wanted.name);
    else if (hasReason(error, 'Unreadable')) {
      logger.warn({ claim: wanted.name }, 'a claim that cannot be read blocks its value: delete it by hand');
      view.claims.assume(wanted, UNREADABLE);
    } else throw error;
  }
}

/** The informer tells the ledger when it is gone; until then the value counts as taken. */
export async function releaseClaim({ client, logger }: Context, claim: Claim): Promise<void> {
  if (claim.uid === undefined) return;
  if (await client.delete(networkClaims, claim.name, { uid: claim.uid })) {
    logger.info({ claim: claim.name, holder: claim.holder.name }, 'claim released');
  }
}

/** For messages: `Network "blue"`; undefined when it is free or held by `uid`. */
export function otherHolder({ view }: Context, claimName: string, uid: string): string | undefined {
  const holder = view.claims.byName(claimName)?.holder;
  return holder === undefined || holder.uid === uid ? undefined : `${holder.kind} "${holder.name}"`;
}
