/** What an AddressPool must keep to that no field shows alone; the API server checks the same (deploy/crds/addresspools.yaml). */
import { family, prefixLength } from '../net/address.ts';
import { parseNetworkName } from '../net/network-name.ts';
import type { AddressPool } from './address-pool.ts';
import { prefixProblem, SUBNET_LENGTHS, type Violation } from './network-rules.ts';

/** The first violation; undefined for a pool that can be cut as asked. */
export function poolViolation({ metadata, spec }: Pick<AddressPool, 'metadata' | 'spec'>): Violation | undefined {
  if (!parseNetworkName(metadata.name).ok) {
    const message = `"${metadata.name}" is no name for an AddressPool: 1 to 63 lower-case letters, digits or "-"`;
    return { field: 'metadata.name', message };
  }
  return lengthViolation(spec) ?? rangeViolation(spec);
}

function lengthViolation({ cidr, prefixLength: length }: AddressPool['spec']): Violation | undefined {
  const shortest = prefixLength(cidr);
  const [, longest] = SUBNET_LENGTHS[family(cidr)];
  if (length >= shortest && length <= longest) return undefined;
  const message = `${cidr} cannot be cut into /${length}: write ${shortest} to ${longest}`;
  return { field: 'spec.prefixLength', message };
}

function rangeViolation({ cidr }: AddressPool['spec']): Violation | undefined {
  const message = prefixProblem(cidr);
  return message === undefined ? undefined : { field: 'spec.cidr', message };
}
