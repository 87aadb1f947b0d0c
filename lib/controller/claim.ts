/** Claims on subnets and VNIs as the plans see them: those in the API, and those that we are about to create. */
import type { NetworkClaim } from '../api/network-claim.ts';
import { parsePrefix, type Prefix } from '../net/address.ts';
import { parseVni, type Vni } from '../net/vni.ts';

export type Holder = NetworkClaim['spec']['holder'];

export interface Claim {
  readonly name: string;
  /** `10.0.0.0/24` or `4097`. */
  readonly value: string;
  readonly pool: string | undefined;
  readonly holder: Holder;
  /** Undefined while it is not known to exist: being created, or the answer got lost. */
  readonly uid: string | undefined;
  /** RFC 3339; empty while it is not known to exist. */
  readonly createdAt: string;
}

/** What a plan asks to be claimed for its holder. */
export type WantedClaim = Pick<Claim, 'name' | 'value' | 'pool'>;

/** Why something cannot be given: a condition's reason and message. */
export interface Problem {
  readonly reason: string;
  readonly message: string;
}

export const claimOf = ({ metadata, spec }: NetworkClaim): Claim => ({
  name: metadata.name,
  value: spec.value,
  pool: spec.pool,
  holder: spec.holder,
  uid: metadata.uid,
  createdAt: metadata.creationTimestamp ?? '',
});

/** Of several for one purpose the oldest counts: two controllers that saw different things come to the same result. */
export const inOrderOfCreation = (claims: readonly Claim[]): readonly Claim[] =>
  [...claims].sort((a, b) => compare(orderKey(a), orderKey(b)) || compare(a.name, b.name));

/** What is not known to exist comes after what is. */
const orderKey = ({ createdAt }: Claim): string => (createdAt === '' ? '~' : createdAt);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The prefix that a claim stands for; undefined for a VNI. */
export function claimedPrefix({ value }: Pick<Claim, 'value'>): Prefix | undefined {
  if (!value.includes('/')) return undefined;
  const parsed = parsePrefix(value);
  return parsed.ok ? parsed.value : undefined;
}

/** The VNI that a claim stands for; undefined for a subnet. */
export function claimedVni({ value }: Pick<Claim, 'value'>): Vni | undefined {
  const vni = parseVni(Number(value));
  return vni.ok ? vni.value : undefined;
}
