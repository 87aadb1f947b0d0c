/** The shape of a lab: which nodes there are and how they are numbered. Pure. */
import { type Family, type HostPrefix, type IpAddress, makeHostPrefix } from '../net/address.ts';
import { err, ok, type Result } from '../net/result.ts';

export interface LabOptions {
  readonly nodes: number;
  /** MTU of every node's eth0 and of the fabric, bytes. */
  readonly underlayMtu: number;
  /** Family of the addresses that nodes name first, hence of the tunnels between them. */
  readonly underlayFamily: Family;
}

export interface LabNode {
  readonly name: string;
  /** Of eth0 on the fabric, the one that tunnels use first. */
  readonly addresses: readonly HostPrefix[];
}

export const DEFAULT_OPTIONS: LabOptions = { nodes: 3, underlayMtu: 1500, underlayFamily: 4 };
export const MAX_NODES = 64;

/** The fabric: the nodes' router, where the API server listens for them. */
export const FABRIC_V4 = '172.30.0.1' as IpAddress;
export const FABRIC_V6 = 'fd30::1' as IpAddress;
/** Addresses behind the fabric that stand for the world outside the cluster (RFC 5737, RFC 3849). */
export const OUTSIDE_V4 = '198.51.100.1' as IpAddress;
export const OUTSIDE_V6 = '2001:db8::1' as IpAddress;

export const fabricAddresses = (family: Family): readonly HostPrefix[] =>
  byFamily(family, makeHostPrefix(FABRIC_V4, 24), makeHostPrefix(FABRIC_V6, 64));

/** `n1` is 172.30.0.11 and, on an IPv6 underlay, fd30::11: the digits of both are the same. */
export const labNodes = (options: LabOptions): readonly LabNode[] =>
  Array.from({ length: options.nodes }, (_, i) => ({
    name: `n${i + 1}`,
    addresses: byFamily(
      options.underlayFamily,
      makeHostPrefix(`172.30.0.${11 + i}` as IpAddress, 24),
      makeHostPrefix(`fd30::${11 + i}` as IpAddress, 64),
    ),
  }));

/** A node on an IPv6 underlay has both families, as a dual-stack node of Kubernetes: pods still leave over IPv4. */
const byFamily = (family: Family, v4: HostPrefix, v6: HostPrefix): readonly HostPrefix[] =>
  family === 4 ? [v4] : [v6, v4];

/** The smallest underlay leaves IPv6's minimum of 1280 to an overlay over IPv6. */
const MTU_RANGE = [1350, 65_535] as const;

export function parseLabOptions(wanted: Partial<Record<keyof LabOptions, number>>): Result<LabOptions> {
  const { nodes, underlayMtu, underlayFamily } = { ...DEFAULT_OPTIONS, ...wanted };
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > MAX_NODES)
    return err(`--nodes ${nodes}: write a whole number from 1 to ${MAX_NODES}`);
  if (!Number.isInteger(underlayMtu) || underlayMtu < MTU_RANGE[0] || underlayMtu > MTU_RANGE[1])
    return err(`--underlay-mtu ${underlayMtu}: write a whole number from ${MTU_RANGE[0]} to ${MTU_RANGE[1]}`);
  if (underlayFamily !== 4 && underlayFamily !== 6) return err(`--underlay-family ${underlayFamily}: write 4 or 6`);
  return ok({ nodes, underlayMtu, underlayFamily });
}
