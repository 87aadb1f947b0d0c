/** What the controller knows of the cluster: informers on all that it decides by, and the questions it asks of them. */
import { type AddressPool, addressPools } from '../api/address-pool.ts';
import { type Node, nodes } from '../api/core.ts';
import type { Resource } from '../api/meta.ts';
import { type NetworkClaim, networkClaims } from '../api/network-claim.ts';
import { type NetworkEndpoint, networkEndpoints } from '../api/network-endpoint.ts';
import type { Network } from '../api/network.ts';
import { type NodePeer, nodePeers } from '../api/node-peer.ts';
import type { Change, KubeObject } from '../kube/cache.ts';
import type { KubeClient } from '../kube/client.ts';
import { createInformer, type Informer, type InformerTiming } from '../kube/informer.ts';
import type { Logger } from '../telemetry/log.ts';
import { type ClaimLedger, createClaimLedger } from './claim-ledger.ts';
import { createEndpointIndex, type EndpointIndex } from './endpoint-index.ts';
import { Neighbours, networkSubnets, ownAddresses, peerAddresses, peerSubnets } from './neighbours.ts';
import { smallestMtu } from './node-plan.ts';
import { isUsablePool } from './pool-plan.ts';
import { asPool } from './subnet-plan.ts';
import { type ReadableNetwork, readableNetworks } from './readable-network.ts';
import { createServiceRanges, type ServiceRanges } from './service-ranges.ts';
import { createTaken, follow, networkValues, nodeValues, peerValues, type Taken } from './taken.ts';

export interface View {
  readonly networks: Informer<ReadableNetwork>;
  readonly pools: Informer<AddressPool>;
  readonly peers: Informer<NodePeer>;
  readonly nodes: Informer<Node>;
  readonly endpoints: Informer<NetworkEndpoint>;
  readonly usage: Pick<EndpointIndex, 'usageOf'>;
  readonly claims: ClaimLedger;
  /** Usable pools of one purpose, the oldest first. */
  poolsFor(purpose: AddressPool['spec']['purpose']): readonly AddressPool[];
  /** What must not be given out: claimed, named by hand, or in use by a node or for Services. */
  readonly taken: Taken;
  readonly neighbours: Neighbours;
  /** What the smallest underlay of the nodes leaves for a packet; undefined while no node has said. */
  tunnelMtu(): number | undefined;
  /** The ranges of Services, which are asked for now and then. */
  setServiceRanges(ranges: ServiceRanges): void;
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
  /** What these Networks share the cluster with changed. */
  readonly onNeighbours: (networks: Iterable<string>) => void;
}

export interface ViewOptions {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly timing?: Partial<InformerTiming>;
  readonly changes: ViewChanges;
}

export function watchCluster(options: ViewOptions): View {
  const usage = createEndpointIndex();
  const taken = createTaken();
  const neighbours = new Neighbours();
  const claims = createClaimLedger(taken);
  const setRanges = createServiceRanges(taken, neighbours);
  const { claimInformer, ...informers } = startInformers(options, { usage, taken, neighbours, claims });
  const mtu = memoized(smallestMtu);
  return {
    ...informers,
    ...lifeOf({ ...informers, claims: claimInformer }),
    usage,
    claims,
    taken,
    neighbours,
    poolsFor: (purpose) => poolsFor(informers.pools.list(), purpose),
    tunnelMtu: () => mtu(informers.peers.list()),
    setServiceRanges: (ranges) => options.changes.onNeighbours(setRanges(ranges)),
  };
}

interface Indexes extends Pick<View, 'taken' | 'neighbours' | 'claims'> {
  readonly usage: EndpointIndex;
}

/** What is counted is up to date before anybody is told of the change. */
function startInformers({ client, logger, timing = {}, changes }: ViewOptions, indexes: Indexes) {
  const { taken, neighbours, claims, usage } = indexes;
  const inform = <T extends KubeObject>(resource: Resource<T>, ...handlers: readonly Handler<T>[]): Informer<T> => {
    const onChange = (change: Change<T>): void => handlers.forEach((handle) => handle(change));
    return createInformer(client, resource, { logger, timing, onChange });
  };
  const concern =
    <T>(follow: (change: Change<T>) => Iterable<string>): Handler<T> =>
    (change) =>
      changes.onNeighbours(follow(change));
  const networkPlaces = concern(neighbours.follow('Network', networkSubnets));
  const tunnels = concern(neighbours.follow('Tunnel', peerAddresses));
  const gateways = concern(neighbours.follow('Gateway', peerSubnets));
  const machines = concern(neighbours.follow('Node', ownAddresses));
  const forgetPools = (): void => taken.subnets.keepOnly(pools.list().map(asPool));
  const pools = inform(addressPools, forgetPools, changes.onPool);
  return {
    pools,
    networks: inform(readableNetworks, follow(taken, networkValues), networkPlaces, changes.onNetwork),
    peers: inform(nodePeers, follow(taken, peerValues), tunnels, gateways, changes.onPeer),
    nodes: inform(nodes, follow(taken, nodeValues), machines, changes.onNode),
    endpoints: inform(networkEndpoints, (change) => usage.observe(change).forEach(changes.onEndpoints)),
    claimInformer: inform(networkClaims, claims.observe.bind(claims), changes.onClaim),
  };
}

type Handler<T> = (change: Change<T>) => void;

/** Computed again only for another object than before. */
function memoized<In, Out>(compute: (of: In) => Out): (of: In) => Out {
  let last: { readonly of: In; readonly out: Out } | undefined;
  return (of) => (last = last?.of === of ? last : { of, out: compute(of) }).out;
}

function lifeOf(
  informers: Readonly<Record<string, Omit<Informer<never>, 'get' | 'list'>>>,
): Pick<View, 'synced' | 'isSynced' | 'disconnected' | 'stop'> {
  const all = Object.entries(informers);
  return {
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
