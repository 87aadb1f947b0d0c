/** From the flags of `pool add` to an AddressPool. */
import { family, parsePrefix, type Prefix, prefixLength } from '../net/address.ts';
import { err, ok, type Result } from '../net/result.ts';

export interface PoolFlags {
  readonly cidr: string;
  readonly prefixLength?: number | undefined;
  readonly purpose: 'network' | 'gateway';
  readonly name?: string | undefined;
}

export interface PoolBody {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly cidr: Prefix; readonly prefixLength: number; readonly purpose: 'network' | 'gateway' };
}

const DEFAULT_LENGTH = { 4: 24, 6: 64 } as const;
const LONGEST = { 4: 29, 6: 125 } as const;

export function poolFromFlags(flags: PoolFlags): Result<PoolBody> {
  const cidr = parsePrefix(flags.cidr);
  if (!cidr.ok) return cidr;
  const of = family(cidr.value);
  const length = flags.prefixLength ?? DEFAULT_LENGTH[of];
  const least = prefixLength(cidr.value);
  if (!Number.isInteger(length) || length < least || length > LONGEST[of]) {
    return err(`--prefix-length ${length}: ${cidr.value} can be cut into subnets of /${least} to /${LONGEST[of]}`);
  }
  const name = flags.name ?? poolName(cidr.value, flags.purpose);
  return ok({ metadata: { name }, spec: { cidr: cidr.value, prefixLength: length, purpose: flags.purpose } });
}

/** `network-10-20-0-0-16`: a DNS label, as pool names must be. */
const poolName = (cidr: Prefix, purpose: string): string =>
  `${purpose}-${cidr.replace(/[.:/]+/g, '-')}`.toLowerCase().replace(/-+/g, '-');
