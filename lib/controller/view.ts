/** What the controller knows of the cluster: informers on all that it decides by, and the questions it asks of them. */
import { type AddressPool, addressPools } from '../api/address-pool.ts';
import { type Node, nodes } from '../api/core.ts';
import type { Resource } from '../api/meta.ts';
import { type NetworkClaim, networkClaims } from '../api/network-claim.ts';
import { type NetworkEndpoint, networkEndpoints } from '../api/network-endpoint.ts';
import { type Network, networks } from '../api/network.ts';
import { type NodePeer, nodePeers } from '../api/node-peer.ts';
import type { Change, KubeObject } from '../kube/cache.ts';
import type { KubeClient } from '../kube/client.ts';
import { createInformer, type Informer, type InformerTiming } from '../kube/informer.ts';
import { parsePrefix, type Prefix } from '../net/address.ts';
import type { Vni } from '../net/vni.ts';
import type { Logger } from '../telemetry/log.ts';
import { type ClaimLedger, createClaimLedger } from './claim-ledger.ts';
import { createEndpointIndex, type EndpointIndex } from './endpoint-index.ts';
import { isUsablePool } from './pool-plan.ts';

export interface View {
  readonly networks: Informer<Network>;
  readonly pools: Informer<AddressPool>;
  readonly peers: Informer<NodePeer>;
  readonly nodes: Informer<Node>;
  readonly endpoints: Informer<NetworkEndpoint>;
  readonly usage: Pick<EndpointIndex, 'usageOf'>;
  readonly claims: ClaimLedger;
  /** Usable pools of one purpose, the oldest first. */
  poolsFor(purpose: AddressPool['spec']['purpose']): readonly AddressPool[];
  /** Prefixes that must not be given out: claimed, named by hand, or in use by a node. */
  takenSubnets(): readonly Prefix[];
  takenVnis(): ReadonlySet<Vni>;
  readonly synced: Promise<void>;
  isSynced(): boolean;
  /** Kinds whose copy may be out of date. */
  disconnected(): readonly string[];
  stop(): Promise<void>;
}

export interface ViewChanges {
  readonly onNetwork: (change: Change<Network>) => void;
  readonly onPool: (change: Change<AddressPool>) => void;
  readonly onClaim: (change: Change<NetworkClaim>) => void;
  /** The endpoints of this network changed. */
  readonly onEndpoints: (network: string) => void;
  readonly onNode: (change: Change<Node>) => void;
  readonly onPeer: (change: Change<NodePeer>) => void;
}

export interface ViewOptions {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly timing?: Partial<InformerTiming>;
  readonly changes: ViewChanges;
}

export function watchCluster({ client, logger, timing = {}, changes }: ViewOptions): View {
  const index = createEndpointIndex();
  const claims = createClaimLedger();
  const inform = <T extends KubeObject>(resource: Resource<T>, onChange: (change: Change<T>) => void): Informer<T> =>
    createInformer(client, resource, { logger, timing, onChange });

  const informers = {
    networks: inform(networks, changes.onNetwork),
    pools: inform(addressPools, changes.onPool),
    peers: inform(nodePeers, changes.onPeer),
    nodes: inform(nodes, changes.onNode),
    endpoints: inform(networkEndpoints, (change) => index.observe(change).forEach(changes.onEndpoints)),
  };
  const claimInformer = inform(networkClaims, (change) => {
    claims.observe(change);
    changes.onClaim(change);
  });
  const all = Object.entries({ ...informers, claims: claimInformer });
  return {
    ...informers,
    usage: index,
    claims,
    poolsFor: (purpose) => poolsFor(informers.pools.list(), purpose),
    takenSubnets: createTakenSubnets(claims, informers),
    takenVnis: createTakenVnis(claims, informers.networks),
    synced: Promise.all(all.map(([, informer]) => informer.synced)).then(() => undefined),
    isSynced: () => all.every(([, informer]) => informer.isSynced),
    disconnected: () => all.filter(([, informer]) => !informer.isConnected).map(([kind]) => kind),
    stop: async () => {
      await Promise.all(all.map(([, informer]) => informer.stop()));
    },
  };
}

function poolsFor(pools: readonly AddressPool[], purpose: AddressPool['spec']['purpose']): readonly AddressPool[] {
  const age = ({ metadata }: AddressPool): string => `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
  return pools
    .filter((pool) => pool.spec.purpose === purpose && isUsablePool(pool))
    .sort((a, b) => (age(a) < age(b) ? -1 : 1));
}

type Sources = Pick<View, 'networks' | 'peers' | 'nodes'>;

/** Claims, and what is in use without one: subnets that Networks name, and what is recorded though its claim was deleted by hand. */
function createTakenSubnets(claims: ClaimLedger, { networks, peers, nodes }: Sources): () => readonly Prefix[] {
  return memoized(
    () => [claims.subnets(), networks.list(), peers.list(), nodes.list()] as const,
    ([claimed, networkList, peerList, nodeList]) => [
      ...new Set([
        ...claimed,
        ...networkList.flatMap(({ spec, status }) =>
          [...spec.subnets, ...(status.subnets ?? [])].map(({ cidr }) => cidr),
        ),
        ...peerList.flatMap(({ spec }) => spec.gatewaySubnets),
        ...nodeList.flatMap(podPrefixes),
      ]),
    ],
  );
}

function createTakenVnis(claims: ClaimLedger, networks: Informer<Network>): () => ReadonlySet<Vni> {
  return memoized(
    () => [claims.vnis(), networks.list()] as const,
    ([claimed, networkList]) => {
      const inUse = networkList.flatMap(({ spec, status }) => [spec.vni, status.vni]);
      return new Set([...claimed, ...inUse.filter((vni) => vni !== undefined)]);
    },
  );
}

/** The readable ones of the pod CIDRs that Kubernetes assigned to a node. */
export const podPrefixes = ({ spec }: Node): readonly Prefix[] =>
  (spec.podCIDRs ?? []).flatMap((text) => {
    const parsed = parsePrefix(text);
    return parsed.ok ? [parsed.value] : [];
  });

/** Computed again only when one of the inputs is another object than before. */
function memoized<In extends readonly unknown[], Out>(inputs: () => In, compute: (of: In) => Out): () => Out {
  let last: { readonly of: In; readonly out: Out } | undefined;
  return () => {
    const of = inputs();
    if (!last || of.some((input, index) => input !== last?.of[index])) last = { of, out: compute(of) };
    return last.out;
  };
}
