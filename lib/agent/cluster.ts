/** What the agent knows of the cluster: informers, and the questions that the rest of the agent asks of them. */
import { type Node, nodes, type Pod, pods } from '../api/core.ts';
import { LABEL_NETWORK } from '../api/meta.ts';
import { type Network, networks } from '../api/network.ts';
import { type NetworkEndpoint, networkEndpoints } from '../api/network-endpoint.ts';
import { type NodePeer, nodePeers } from '../api/node-peer.ts';
import { hasReason } from '../kube/error.ts';
import { createInformer, type Informer } from '../kube/informer.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Logger } from '../telemetry/log.ts';

export interface Cluster {
  /** All that is watched from the start has been listed once. */
  readonly synced: Promise<void>;
  /** Everything that is followed, endpoints included, has been listed once. */
  readonly isSynced: () => boolean;
  /** What is watched from the start has been listed once. */
  readonly isReady: () => boolean;
  readonly network: (name: string) => Network | undefined;
  /** The Node object of this node. */
  readonly node: () => Node | undefined;
  /** This node's peer record and everyone else's. */
  readonly peers: () => readonly NodePeer[];
  /** From the cache, else from the API server: a pod may be older than its watch event. Undefined when none of that uid exists. */
  pod(namespace: string, name: string, uid: string | undefined): Promise<Pod | undefined>;
  /** Follows the endpoints of these networks, and of those that `followed` was asked for lately. */
  follow(names: ReadonlySet<string>): void;
  /** Resolves once the network's endpoints are known; follows it if nobody did. */
  followed(name: string): Promise<void>;
  /** Endpoints of a followed network, on every node. */
  readonly endpoints: (network: string) => readonly NetworkEndpoint[];
  stop(): Promise<void>;
}

export interface ClusterChanges {
  readonly onNetwork: (name: string) => void;
  readonly onPeer: (name: string) => void;
  readonly onNode: () => void;
  readonly onEndpoint: (network: string) => void;
}

/** An ADD that is under way needs the network; the next one would otherwise list it anew. */
const LINGER_MS = 10_000;

export const watchCluster = (client: KubeClient, nodeName: string, log: Logger, changes: ClusterChanges): Cluster =>
  new WatchedCluster(client, nodeName, log, changes);

class WatchedCluster implements Cluster {
  readonly synced: Promise<void>;
  readonly #client: KubeClient;
  readonly #nodeName: string;
  readonly #log: Logger;
  readonly #changes: ClusterChanges;
  readonly #networks: Informer<Network>;
  readonly #peers: Informer<NodePeer>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #followed = new Map<string, Informer<NetworkEndpoint>>();
  /** When `followed` was last called for a network. */
  readonly #asked = new Map<string, number>();

  constructor(client: KubeClient, nodeName: string, logger: Logger, changes: ClusterChanges) {
    this.#client = client;
    this.#nodeName = nodeName;
    this.#log = logger;
    this.#changes = changes;
    const nameOf = ({ object }: { object: Network | NodePeer }): string => object.metadata.name;
    this.#networks = createInformer(client, networks, { logger, onChange: (one) => changes.onNetwork(nameOf(one)) });
    this.#peers = createInformer(client, nodePeers, { logger, onChange: (one) => changes.onPeer(nameOf(one)) });
    this.#pods = createInformer(client, pods, { logger, fieldSelector: `spec.nodeName=${nodeName}` });
    const itself = `metadata.name=${nodeName}`;
    this.#nodes = createInformer(client, nodes, { logger, fieldSelector: itself, onChange: () => changes.onNode() });
    this.synced = Promise.all(this.#always().map((informer) => informer.synced)).then(() => undefined);
    // Whoever stops before the first sync does not wait for it.
    this.synced.catch(() => undefined);
  }

  readonly isReady = (): boolean => this.#always().every((informer) => informer.isSynced);
  readonly isSynced = (): boolean => this.isReady() && [...this.#followed.values()].every((one) => one.isSynced);
  readonly network = (name: string): Network | undefined => this.#networks.get(name);
  readonly node = (): Node | undefined => this.#nodes.get(this.#nodeName);
  readonly peers = (): readonly NodePeer[] => this.#peers.list();
  readonly endpoints = (network: string): readonly NetworkEndpoint[] => this.#followed.get(network)?.list() ?? [];

  async pod(namespace: string, name: string, uid: string | undefined): Promise<Pod | undefined> {
    const isIt = (pod: Pod | undefined): boolean => uid === undefined || pod?.metadata.uid === uid;
    const known = this.#pods.get(name, namespace);
    if (known !== undefined && isIt(known)) return known;
    const read = await readPod(this.#client, namespace, name);
    return isIt(read) ? read : undefined;
  }

  follow(names: ReadonlySet<string>): void {
    for (const name of names) this.#follow(name);
    for (const [name, informer] of this.#followed) {
      const wasAskedFor = performance.now() - (this.#asked.get(name) ?? -Infinity) < LINGER_MS;
      if (names.has(name) || wasAskedFor) continue;
      this.#asked.delete(name);
      this.#followed.delete(name);
      void informer.stop();
    }
  }

  followed(name: string): Promise<void> {
    this.#asked.set(name, performance.now());
    return this.#follow(name).synced;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#always(), ...this.#followed.values()].map((informer) => informer.stop()));
  }

  #always(): readonly Informer<unknown>[] {
    return [this.#networks, this.#peers, this.#pods, this.#nodes];
  }

  #follow(name: string): Informer<NetworkEndpoint> {
    const known = this.#followed.get(name);
    if (known !== undefined) return known;
    const informer = createInformer(this.#client, networkEndpoints, {
      logger: this.#log,
      labelSelector: `${LABEL_NETWORK}=${name}`,
      onChange: () => this.#changes.onEndpoint(name),
    });
    this.#followed.set(name, informer);
    return informer;
  }
}

const POD_TIMEOUT_MS = 3000;

async function readPod(client: KubeClient, namespace: string, name: string): Promise<Pod | undefined> {
  try {
    return await client.get(pods, name, { namespace, timeoutMs: POD_TIMEOUT_MS });
  } catch (error) {
    if (hasReason(error, 'NotFound')) return undefined;
    throw error;
  }
}
