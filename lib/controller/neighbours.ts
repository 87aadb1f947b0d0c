/** Who has which prefix in the cluster: finds what a Network's subnets overlap with, and says what that means. */
import type { Node } from '../api/core.ts';
import type { Network } from '../api/network.ts';
import type { NodePeer } from '../api/node-peer.ts';
import { PrefixMap } from '../ipam/prefix-map.ts';
import type { Change } from '../kube/cache.ts';
import { type Prefix, prefixAddress, singlePrefix } from '../net/address.ts';
import type { Problem } from './claim.ts';
import { nodeAddresses, podPrefixes } from './taken.ts';

/** One user of a prefix: `kind name` is unique. */
interface Neighbour {
  readonly kind: 'Node' | 'Tunnel' | 'Services' | 'Gateway' | 'Network';
  readonly name: string;
  readonly prefix: Prefix;
}

/** A change that concerns more Networks than this leaves the others to what they hear next: each of them is told of one. */
const MOST_CONCERNED = 100;

/** In this order: what a pod cannot reach at all comes before what is only ambiguous. */
const GRAVITY = ['Node', 'Tunnel', 'Services', 'Gateway', 'Network'] as const;
const gravityOf = ({ kind }: Neighbour): number => GRAVITY.indexOf(kind);

export class Neighbours {
  readonly #map = new PrefixMap<string>();
  readonly #byKey = new Map<string, Neighbour>();

  /** What one of a Network's subnets overlaps with, the gravest; undefined when it has all of them for itself. */
  overlapOf(network: Network): Problem | undefined {
    const { name } = network.metadata;
    const found = networkSubnets(network).flatMap((subnet) => {
      const other = this.#gravest(subnet, name);
      return other ? [{ subnet, other }] : [];
    });
    const worst = found.sort((a, b) => gravityOf(a.other) - gravityOf(b.other))[0];
    if (!worst) return undefined;
    const { subnet, other } = worst;
    return { reason: REASON[other.kind], message: `subnet ${subnet} overlaps ${MEANING[other.kind](other)}` };
  }

  /** Networks with a subnet that overlaps one of these. */
  networksAt(prefixes: readonly Prefix[]): ReadonlySet<string> {
    const names = new Set<string>();
    for (const prefix of prefixes) {
      for (const { kind, name } of this.#at(prefix)) {
        if (kind === 'Network') names.add(name);
        if (names.size >= MOST_CONCERNED) return names;
      }
    }
    return names;
  }

  /** Returns the Networks that this concerns. */
  follow<T extends { readonly metadata: { readonly name: string } }>(
    kind: Neighbour['kind'],
    prefixesOf: (object: T) => readonly Prefix[],
  ): (change: Change<T>) => ReadonlySet<string> {
    return ({ type, object, old }) => {
      const now = type === 'deleted' ? [] : prefixesOf(object);
      const before = type === 'added' ? [] : prefixesOf(old ?? object);
      return this.replace(kind, object.metadata.name, before, now);
    };
  }

  /** Returns the Networks that this concerns. */
  replace(
    kind: Neighbour['kind'],
    name: string,
    before: readonly Prefix[],
    now: readonly Prefix[],
  ): ReadonlySet<string> {
    const gone = before.filter((prefix) => !now.includes(prefix));
    const come = now.filter((prefix) => !before.includes(prefix));
    for (const prefix of gone) {
      this.#map.remove(prefix, keyOf({ kind, name, prefix }));
      this.#byKey.delete(keyOf({ kind, name, prefix }));
    }
    for (const prefix of come) {
      this.#map.add(prefix, keyOf({ kind, name, prefix }));
      this.#byKey.set(keyOf({ kind, name, prefix }), { kind, name, prefix });
    }
    return this.networksAt([...gone, ...come]);
  }

  #gravest(subnet: Prefix, self: string): Neighbour | undefined {
    let gravest: Neighbour | undefined;
    for (const other of this.#at(subnet)) {
      if (other.kind === 'Network' && other.name === self) continue;
      if (!gravest || gravityOf(other) < gravityOf(gravest)) gravest = other;
    }
    return gravest;
  }

  *#at(prefix: Prefix): Generator<Neighbour> {
    for (const key of this.#map.overlapping(prefix)) {
      const found = this.#byKey.get(key);
      if (found) yield found;
    }
  }
}

const keyOf = ({ kind, name, prefix }: Neighbour): string => `${kind} ${name} ${prefix}`;

const REASON = {
  Node: 'OverlapsNode',
  Tunnel: 'OverlapsNode',
  Services: 'OverlapsServices',
  Gateway: 'OverlapsPods',
  Network: 'OverlapsNetwork',
} as const;

const REMEDY = 'delete this Network and create it with another subnet';
const nodeMeaning = ({ name, prefix }: Neighbour): string =>
  `${prefixAddress(prefix)}, an address of node ${name}: its pods do not reach that node; ${REMEDY}`;

const MEANING: Readonly<Record<Neighbour['kind'], (of: Neighbour) => string>> = {
  Node: nodeMeaning,
  Tunnel: nodeMeaning,
  Services: ({ name, prefix }) =>
    `${prefix}, from which Services have their addresses (ServiceCIDR ${name}): its pods do not reach those; ${REMEDY}`,
  Gateway: ({ name, prefix }) =>
    `${prefix}, from which pods on node ${name} have their first address: its pods do not reach those; ${REMEDY}`,
  Network: ({ name, prefix }) => `${prefix} of Network "${name}": that is allowed; let no pod join both`,
};

export const networkSubnets = ({ spec, status }: Network): readonly Prefix[] => [
  ...new Set([...spec.subnets, ...(status.subnets ?? [])].map(({ cidr }) => cidr)),
];
export const peerAddresses = ({ status }: NodePeer): readonly Prefix[] => [...new Set(status.vteps.map(singlePrefix))];
export const peerSubnets = ({ spec }: NodePeer): readonly Prefix[] => [...new Set(spec.gatewaySubnets)];
export const ownAddresses = (node: Node): readonly Prefix[] => [...new Set(nodeAddresses(node))];
export const podSubnets = (node: Node): readonly Prefix[] => [...new Set(podPrefixes(node))];
