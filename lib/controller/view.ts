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
import type { Logger } from '../telemetry/log.ts';
import { type ClaimLedger, createClaimLedger } from './claim-ledger.ts';
import { createEndpointIndex, type EndpointIndex } from './endpoint-index.ts';
import { isUsablePool } from './pool-plan.ts';
import { asPool } from './subnet-plan.ts';
import { createTaken, follow, networkValues, nodeValues, peerValues, type Taken } from './taken.ts';

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
  /** What must not be given out: claimed, named by hand, or in use by a node. */
  readonly taken: Taken;
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
  const taken = createTaken();
  const claims = createClaimLedger(taken);
  const inform = <T extends KubeObject>(resource: Resource<T>, onChange: (change: Change<T>) => void): Informer<T> =>
    createInformer(client, resource, { logger, timing, onChange });

  const informers = {
    networks: inform(networks, both(follow(taken, networkValues), changes.onNetwork)),
    pools: inform(
      addressPools,
      both(() => taken.subnets.keepOnly(informers.pools.list().map(asPool)), changes.onPool),
    ),
    peers: inform(nodePeers, both(follow(taken, peerValues), changes.onPeer)),
    nodes: inform(nodes, both(follow(taken, nodeValues), changes.onNode)),
    endpoints: inform(networkEndpoints, (change) => index.observe(change).forEach(changes.onEndpoints)),
  };
  const claimInformer = inform(networkClaims, both(claims.observe.bind(claims), changes.onClaim));
  const all = Object.entries({ ...informers, claims: claimInformer });
  return {
    ...informers,
    usage: index,
    claims,
    poolsFor: (purpose) => poolsFor(informers.pools.list(), purpose),
    taken,
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

/** What is counted is up to date before anybody is told of the change. */
const both =
  <T>(first: (change: T) => void, then: (change: T) => void) =>
  (change: T): void => {
    first(change);
    then(change);
  };
