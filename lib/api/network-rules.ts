/**
 * What a Network must keep to that no field shows alone. The API server checks the same by the rules in deploy/crds/networks.yaml; this is for
 * those who decide without it, and for objects that were stored before a rule came.
 */
import {
  type Family,
  family,
  type IpAddress,
  ipToNumber,
  type Prefix,
  prefixAddress,
  prefixContains,
  prefixesOverlap,
  prefixFirst,
  prefixLength,
  prefixSize,
} from '../net/address.ts';
import { parseNetworkName } from '../net/network-name.ts';
import type { Network, SubnetSpec } from './network.ts';

/** What is wrong, where, and what to write instead. */
export interface Violation {
  /** `spec.subnets[0].gateway` */
  readonly field: string;
  readonly message: string;
}

/** They mean something in Docker, or are Warren's own. */
const RESERVED_NAMES: readonly string[] = ['bridge', 'default', 'host', 'none', 'pod', 'warren'];
const RESERVED_PREFIX = 'warren-';

/** Shortest and longest prefix of a subnet. */
export const SUBNET_LENGTHS: Readonly<Record<Family, readonly [number, number]>> = { 4: [8, 29], 6: [8, 125] };

/** The first violation; undefined for a Network that can be carried out. */
export function networkViolation({ metadata, spec }: Pick<Network, 'metadata' | 'spec'>): Violation | undefined {
  const name = nameProblem(metadata.name);
  if (name !== undefined) return { field: 'metadata.name', message: name };
  if (spec.ingress && spec.attachable) {
    const message = 'the ingress network carries published ports only: remove attachable or ingress';
    return { field: 'spec.attachable', message };
  }
  return subnetsViolation(spec.subnets);
}

function nameProblem(name: string): string | undefined {
  const parsed = parseNetworkName(name);
  if (!parsed.ok) return parsed.error;
  const isReserved = RESERVED_NAMES.includes(name) || name.startsWith(RESERVED_PREFIX);
  return isReserved ? `"${name}" is a reserved name: choose another one` : undefined;
}

/** The first violation of `spec.subnets`. */
export function subnetsViolation(subnets: readonly SubnetSpec[]): Violation | undefined {
  for (const [index, subnet] of subnets.entries()) {
    const violation = subnetViolation(subnet) ?? overlapViolation(subnet.cidr, subnets.slice(0, index));
    if (violation !== undefined) return { ...violation, field: `spec.subnets[${index}].${violation.field}` };
  }
  return undefined;
}

function overlapViolation(cidr: Prefix, others: readonly SubnetSpec[]): Violation | undefined {
  const other = others.find((one) => prefixesOverlap(one.cidr, cidr));
  return (
    other && { field: 'cidr', message: `${cidr} overlaps ${other.cidr} of the same network: choose another subnet` }
  );
}

function subnetViolation({ cidr, gateway, ipRange, reserved = {} }: SubnetSpec): Violation | undefined {
  const size = prefixProblem(cidr);
  if (size !== undefined) return { field: 'cidr', message: size };
  const bridge = gateway && gatewayProblem(cidr, gateway);
  if (bridge !== undefined) return { field: 'gateway', message: bridge };
  if (ipRange !== undefined && !containsPrefix(cidr, ipRange)) {
    return { field: 'ipRange', message: `${ipRange} is not in ${cidr}: write a part of that subnet` };
  }
  const held = reservedProblem(cidr, reserved, gateway);
  return held === undefined ? undefined : { field: 'reserved', message: held };
}

/** A prefix that cannot be a subnet, or a pool of subnets, of containers. */
export function prefixProblem(cidr: Prefix): string | undefined {
  const [shortest, longest] = SUBNET_LENGTHS[family(cidr)];
  const length = prefixLength(cidr);
  if (length > longest) return `${cidr} is too small: the longest prefix is /${longest}`;
  if (length < shortest) return `${cidr} is too large: the shortest prefix is /${shortest}`;
  return isUnicast(prefixAddress(cidr))
    ? undefined
    : `${cidr} has a meaning of its own: choose a range that is neither loopback, link-local nor multicast`;
}

const SPECIAL = {
  4: ['0.0.0.0/32', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '255.255.255.255/32'],
  6: ['::/128', '::1/128', 'fe80::/10', 'ff00::/8'],
} as const;

const isUnicast = (ip: IpAddress): boolean => !SPECIAL[family(ip)].some((range) => prefixContains(range as Prefix, ip));

function gatewayProblem(cidr: Prefix, gateway: IpAddress): string | undefined {
  if (!prefixContains(cidr, gateway)) return `${gateway} is not in ${cidr}: write an address of that subnet`;
  const offset = ipToNumber(gateway) - prefixFirst(cidr);
  if (offset === 0n) return `${gateway} is the address of the subnet itself: write another one of ${cidr}`;
  const isBroadcast = family(cidr) === 4 && offset === prefixSize(cidr) - 1n;
  return isBroadcast ? `${gateway} is the broadcast address: write another one of ${cidr}` : undefined;
}

function reservedProblem(
  cidr: Prefix,
  reserved: Readonly<Record<string, IpAddress>>,
  gateway: IpAddress | undefined,
): string | undefined {
  const holders = new Map<IpAddress, string>(gateway === undefined ? [] : [[gateway, 'the gateway']]);
  for (const [name, ip] of Object.entries(reserved)) {
    if (!prefixContains(cidr, ip)) return `${name} (${ip}) is not in ${cidr}: write an address of that subnet`;
    const other = holders.get(ip);
    if (other !== undefined) return `${other} and ${name} are both ${ip}: write each address once`;
    holders.set(ip, name);
  }
  return undefined;
}

const containsPrefix = (outer: Prefix, inner: Prefix): boolean =>
  prefixLength(outer) <= prefixLength(inner) && prefixesOverlap(outer, inner);
