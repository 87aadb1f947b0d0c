/** Subnets from pools and VNIs from their range: the lowest that is free, so that what was freed is used again. */
import type { Prefix } from '../net/address.ts';
import { err, ok, type Result } from '../net/result.ts';
import { type Vni, VNI_MAX } from '../net/vni.ts';
import type { IpamError } from './error.ts';
import type { Pool, TakenSubnets, TakenVnis } from './taken.ts';

/** The first gap of the first pool that has one. */
export function pickSubnet(
  pools: readonly Pool[],
  taken: TakenSubnets,
): Result<{ readonly cidr: Prefix; readonly pool: string }, IpamError> {
  for (const pool of pools) {
    const cidr = taken.lowestFree(pool);
    if (cidr !== undefined) return ok({ cidr, pool: pool.name });
  }
  const names = pools.map((pool) => `"${pool.name}" (${pool.cidr} in /${pool.prefixLength})`).join(', ');
  const what = names === '' ? 'there is no address pool' : `no free subnet is left in ${names}`;
  return err({ code: 'exhausted', message: `${what}: add an AddressPool` });
}

/** The lowest free one. */
export function pickVni(taken: Pick<TakenVnis, 'lowestFree'>): Result<Vni, IpamError> {
  const vni = taken.lowestFree();
  if (vni !== undefined) return ok(vni);
  return err({ code: 'exhausted', message: `all VNIs up to ${VNI_MAX} are in use: delete a Network` });
}
