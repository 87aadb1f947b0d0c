/**
 * What a Network's status, or a NodePeer's spec, may be relied on for. Values in it that were not claimed for it come from somebody
 * who edited it by hand: where a claim says what it was before, that counts.
 */
import { networkClaims, subnetClaimName, vniClaimName } from '../api/network-claim.ts';
import type { Network } from '../api/network.ts';
import type { KubeClient } from '../kube/client.ts';
import { hasReason } from '../kube/error.ts';
import { family, type Prefix } from '../net/address.ts';
import type { Vni } from '../net/vni.ts';
import { type Claim, claimedPrefix, claimedVni } from './claim.ts';
import type { Context } from './context.ts';

export interface Recorded {
  /** From pools. */
  readonly subnets: readonly Prefix[];
  readonly vni: Vni | undefined;
}

export const recordedIn = ({ spec, status }: Network): Recorded => {
  const named = new Set(spec.subnets.map(({ cidr }) => cidr));
  return {
    subnets: (status.subnets ?? []).map(({ cidr }) => cidr).filter((cidr) => !named.has(cidr)),
    vni: status.vni,
  };
};

/** Claim names of recorded values that no claim stands for although another claim of the holder could: to be asked about. */
export function doubtful({ subnets, vni }: Recorded, claims: readonly Claim[]): readonly string[] {
  const prefixes = claims.map(claimedPrefix).filter((prefix) => prefix !== undefined);
  const vnis = claims.map(claimedVni).filter((one) => one !== undefined);
  const unclaimed = subnets.filter(
    (subnet) => !prefixes.includes(subnet) && prefixes.some((other) => family(other) === family(subnet)),
  );
  const isVniUnclaimed = vni !== undefined && vnis.length > 0 && !vnis.includes(vni);
  return [...unclaimed.map(subnetClaimName), ...(isVniUnclaimed ? [vniClaimName(vni)] : [])];
}

/** What of it no claim speaks against. `uid` is the holder's. Throws ApiError when the server could not be asked. */
export async function reliablePart({ client, view }: Context, recorded: Recorded, uid: string): Promise<Recorded> {
  const foreign = new Set<string>();
  for (const name of doubtful(recorded, view.claims.heldBy(uid))) {
    // Our copy may be behind: another controller may have claimed it for this very holder.
    if ((await holderUid(client, name)) !== uid) foreign.add(name);
  }
  return {
    subnets: recorded.subnets.filter((subnet) => !foreign.has(subnetClaimName(subnet))),
    vni: recorded.vni !== undefined && foreign.has(vniClaimName(recorded.vni)) ? undefined : recorded.vni,
  };
}

async function holderUid(client: KubeClient, claim: string): Promise<string | undefined> {
  try {
    return (await client.get(networkClaims, claim)).spec.holder.uid;
  } catch (error) {
    if (hasReason(error, 'NotFound')) return undefined;
    throw error;
  }
}
