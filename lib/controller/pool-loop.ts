/** Brings the AddressPools to where they should be. */
import { type AddressPool, addressPools } from '../api/address-pool.ts';
import { FINALIZER_IN_USE } from '../api/meta.ts';
import { networkClaims } from '../api/network-claim.ts';
import type { Context } from './context.ts';
import { planPool, type PoolOp } from './pool-plan.ts';
import type { View } from './view.ts';

/** All at once: each claim changes some pool. Throws ApiError when something is left to do. */
export async function reconcilePools(context: Context): Promise<void> {
  const { view, now } = context;
  for (const pool of view.pools.list()) {
    const holders = (): readonly string[] => holdersOf(view, pool.metadata.name);
    const ops = planPool({ pool, taken: view.taken.subnets, holders, now: now() });
    for (const op of ops) await applyOp(context, pool, op);
  }
}

const holdersOf = ({ claims }: View, pool: string): readonly string[] =>
  claims
    .all()
    .filter((claim) => claim.pool === pool)
    .map(({ holder }) => `${holder.kind} "${holder.name}"`);

async function applyOp(context: Context, { metadata }: AddressPool, op: PoolOp): Promise<void> {
  const { name, resourceVersion, finalizers = [] } = metadata;
  const patch = (body: object) => context.client.patch(addressPools, name, { metadata: { resourceVersion }, ...body });
  switch (op.kind) {
    case 'add-finalizer':
      await patch({ metadata: { resourceVersion, finalizers: [...finalizers, FINALIZER_IN_USE] } });
      return;
    case 'write-status':
      await context.client.patch(addressPools, name, { status: op.patch }, { subresource: 'status' });
      return;
    case 'let-go':
      if (await isClaimed(context, name)) return;
      await patch({
        metadata: { resourceVersion, finalizers: finalizers.filter((finalizer) => finalizer !== FINALIZER_IN_USE) },
      });
  }
}

async function isClaimed({ client }: Context, pool: string): Promise<boolean> {
  const { items } = await client.list(networkClaims);
  return items.some((claim) => claim.spec.pool === pool);
}
