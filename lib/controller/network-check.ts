/** What is wrong with a Network's spec that its schema cannot see. Each problem says what to write instead. */
import type { Network, SubnetSpec } from '../api/network.ts';
import { family, type IpAddress, type Prefix, prefixContains, prefixesOverlap, prefixLength } from '../net/address.ts';
import type { Problem } from './claim.ts';

/** The first problem; undefined for a spec that can be carried out. */
export function checkNetwork(network: Network): Problem | undefined {
  return notSupported(network) ?? changed(network) ?? invalidSubnets(network);
}

const LATER = {
  encrypted: 'encryption',
  internal: 'pods that reach nothing but their network',
  ingress: 'an ingress network',
  multicast: 'multicast between nodes',
} as const;

/** A network must not come up without what its user relies on. */
function notSupported({ spec }: Network): Problem | undefined {
  for (const field of ['encrypted', 'internal', 'ingress', 'multicast'] as const) {
    if (!spec[field]) continue;
    const message = `spec.${field}: this version cannot provide ${LATER[field]}: remove the field or wait for a later one`;
    return { reason: 'NotSupportedYet', message };
  }
  return undefined;
}

/** Containers use what was given out: it cannot be exchanged under them. */
function changed({ spec, status }: Network): Problem | undefined {
  if (spec.vni === undefined || status.vni === undefined || spec.vni === status.vni) return undefined;
  const message = `spec.vni: ${spec.vni} cannot replace ${status.vni}, which the network uses: set it back, or create another network`;
  return { reason: 'Immutable', message };
}

function invalidSubnets({ spec }: Network): Problem | undefined {
  for (const [index, subnet] of spec.subnets.entries()) {
    const message = subnetProblem(subnet) ?? overlapProblem(subnet.cidr, spec.subnets.slice(0, index));
    if (message !== undefined) return { reason: 'InvalidSubnet', message: `spec.subnets[${index}]: ${message}` };
  }
  return undefined;
}

function overlapProblem(cidr: Prefix, others: readonly SubnetSpec[]): string | undefined {
  const other = others.find((one) => prefixesOverlap(one.cidr, cidr));
  return other && `${cidr} overlaps ${other.cidr} of the same network: choose another subnet`;
}

const LONGEST = { 4: 29, 6: 125 } as const;

function subnetProblem({ cidr, gateway, ipRange, reserved = {} }: SubnetSpec): string | undefined {
  const longest = LONGEST[family(cidr)];
  if (prefixLength(cidr) > longest) return `${cidr} is too small: the longest prefix is /${longest}`;
  if (ipRange !== undefined && !containsPrefix(cidr, ipRange)) return `ipRange ${ipRange} is not in ${cidr}`;
  const addresses = Object.entries({ ...reserved, ...(gateway === undefined ? {} : { gateway }) });
  const outside = addresses.find(([, ip]) => !prefixContains(cidr, ip));
  if (outside) return `${outside[0]} ${outside[1]} is not in ${cidr}`;
  return duplicateProblem(addresses);
}

function duplicateProblem(addresses: readonly (readonly [string, IpAddress])[]): string | undefined {
  for (const [index, [name, ip]] of addresses.entries()) {
    const first = addresses.slice(0, index).find(([, other]) => other === ip);
    if (first) return `${first[0]} and ${name} are both ${ip}: give each its own address`;
  }
  return undefined;
}

const containsPrefix = (outer: Prefix, inner: Prefix): boolean =>
  prefixLength(outer) <= prefixLength(inner) && prefixesOverlap(outer, inner);
