/** Everything that must not be given out, kept up to date by what the informers and the ledger report. */
import type { Node } from '../api/core.ts';
import type { Network } from '../api/network.ts';
import type { NodePeer } from '../api/node-peer.ts';
import { TakenSubnets, TakenVnis } from '../ipam/taken.ts';
import type { Change } from '../kube/cache.ts';
import { parseIp, parsePrefix, type Prefix, singlePrefix } from '../net/address.ts';
import type { Vni } from '../net/vni.ts';

export interface Taken {
  readonly subnets: TakenSubnets;
  readonly vnis: TakenVnis;
}

/** What one object keeps others from getting. */
export interface Values {
  readonly subnets: readonly Prefix[];
  readonly vnis: readonly Vni[];
}

export const createTaken = (): Taken => ({ subnets: new TakenSubnets(), vnis: new TakenVnis() });

export function take({ subnets, vnis }: Taken, values: Values): void {
  for (const prefix of values.subnets) subnets.take(prefix);
  for (const vni of values.vnis) vnis.take(vni);
}

export function free({ subnets, vnis }: Taken, values: Values): void {
  for (const prefix of values.subnets) subnets.free(prefix);
  for (const vni of values.vnis) vnis.free(vni);
}

/** Follows the objects of one kind. */
export const follow =
  <T>(taken: Taken, valuesOf: (object: T) => Values) =>
  ({ type, object, old }: Change<T>): void => {
    if (type !== 'deleted') take(taken, valuesOf(object));
    const before = type === 'deleted' ? object : old;
    if (before) free(taken, valuesOf(before));
  };

/** Subnets that it names, and what is recorded though its claim was deleted by hand. */
export const networkValues = ({ spec, status }: Network): Values => ({
  subnets: [...spec.subnets, ...(status.subnets ?? [])].map(({ cidr }) => cidr),
  vnis: [spec.vni, status.vni].filter((vni) => vni !== undefined),
});

/** Gateway subnets, and the addresses of its tunnel: a network that held one of these would cut its pods off from the node. */
export const peerValues = ({ spec, status }: NodePeer): Values => ({
  subnets: [...spec.gatewaySubnets, ...status.vteps.map(singlePrefix)],
  vnis: [],
});

export const nodeValues = (node: Node): Values => ({
  subnets: [...podPrefixes(node), ...nodeAddresses(node)],
  vnis: [],
});

/** The readable ones of the pod CIDRs that Kubernetes assigned to a node. */
export const podPrefixes = ({ spec }: Node): readonly Prefix[] => (spec.podCIDRs ?? []).flatMap(readPrefix);

/** A node's own addresses as /32 or /128; its names are left out. */
export const nodeAddresses = ({ status }: Node): readonly Prefix[] =>
  status.addresses.flatMap(({ address }) => {
    const parsed = parseIp(address);
    return parsed.ok ? [singlePrefix(parsed.value)] : [];
  });

function readPrefix(text: string): readonly Prefix[] {
  const parsed = parsePrefix(text);
  return parsed.ok ? [parsed.value] : [];
}
