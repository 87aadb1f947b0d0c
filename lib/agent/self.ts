/** Keeps what the node knows of itself current, on disk for restarts, and in the API for the others. */
import { join } from 'node:path';
import { type IpAddress, parseIp } from '../net/address.ts';
import type { KubeClient } from '../kube/client.ts';
import type { NodePeer } from '../api/node-peer.ts';
import { createQueue, type Queue } from '../reconcile/queue.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Cluster } from './cluster.ts';
import type { AgentConfig } from './config.ts';
import { discover, type FindUnderlay, sameFacts, saveFacts } from './node-facts.ts';
import { peerStatus, publishPeer } from './peer-status.ts';
import type { NodeFacts } from './view.ts';

export interface Self {
  facts(): NodeFacts | undefined;
  /** Why there are no facts; undefined when there are. */
  unknown(): string | undefined;
  /** Resolves when pods can get addresses: the node knows where it is reached, and its gateway subnets. */
  known(): Promise<void>;
  /** Looks again, soon: the node's addresses, its devices or its subnets may have changed. */
  refresh(): void;
  /** Which networks have endpoints here. */
  publish(networks: ReadonlySet<string>): void;
  stop(): Promise<void>;
}

export interface SelfOptions {
  readonly config: AgentConfig;
  readonly client: KubeClient;
  readonly cluster: () => Cluster;
  readonly findUnderlay: FindUnderlay;
  readonly incarnation: string;
  /** Of an earlier run. */
  readonly remembered: NodeFacts | undefined;
  readonly onChange: () => void;
  readonly log: Logger;
}

export const factsPath = (stateDir: string): string => join(stateDir, 'node.json');
/** Other nodes need not hear of each network that comes and goes at once. */
const PUBLISH_INTERVAL_MS = 500;

export const createSelf = (options: SelfOptions): Self => new WatchedSelf(options);

class WatchedSelf implements Self {
  readonly #options: SelfOptions;
  readonly #complete = Promise.withResolvers<void>();
  readonly #looking: Queue<'node'>;
  readonly #publishing: Queue<'status'>;
  #facts: NodeFacts | undefined;
  #reason: string | undefined = 'the API server has not been heard yet';
  #networks: readonly string[] = [];

  constructor(options: SelfOptions) {
    this.#options = options;
    this.#facts = options.remembered;
    const failed = (what: string) => (_key: string, error: unknown) =>
      options.log.warn({ err: error }, `${what}: trying again`);
    this.#looking = createQueue({ work: () => this.#look(), onError: failed('cannot look at the node itself') });
    this.#publishing = createQueue({
      work: () => this.#publish(),
      minIntervalMs: PUBLISH_INTERVAL_MS,
      onError: failed('NodePeer status not written'),
    });
  }

  facts(): NodeFacts | undefined {
    return this.#facts;
  }
  unknown(): string | undefined {
    return this.#facts === undefined ? this.#reason : undefined;
  }
  known(): Promise<void> {
    return this.#complete.promise;
  }
  refresh(): void {
    this.#looking.add('node');
  }
  publish(networks: ReadonlySet<string>): void {
    this.#networks = [...networks].sort();
    // Not before there is something to say: the first word would use up the interval, and the others wait for the second.
    if (this.#facts !== undefined) this.#publishing.add('status');
  }
  async stop(): Promise<void> {
    await Promise.all([this.#looking.stop(), this.#publishing.stop()]);
  }

  #record(): NodePeer | undefined {
    const { cluster, config } = this.#options;
    return cluster()
      .peers()
      .find((peer) => peer.metadata.name === config.nodeName);
  }

  async #look(): Promise<void> {
    const { config, cluster, findUnderlay } = this.#options;
    const record = this.#record();
    const addresses = config.nodeIp === undefined ? nodeAddresses(cluster()) : [config.nodeIp];
    // A Node or NodePeer that is not there (yet) is no reason to forget what was known.
    if (record === undefined || addresses.length === 0) return;
    const found = await discover(addresses, record.spec.gatewaySubnets, findUnderlay);
    this.#reason = found.kind === 'unknown' ? found.reason : undefined;
    if (found.kind === 'facts') await this.#learn(found.facts);
    if (this.#facts !== undefined && this.#facts.gatewaySubnets.length > 0) this.#complete.resolve();
    this.#publishing.add('status');
  }

  async #learn(facts: NodeFacts): Promise<void> {
    const { config, log, onChange } = this.#options;
    if (sameFacts(this.#facts, facts)) return;
    this.#facts = facts;
    log.info({ ...facts }, 'node facts changed');
    await saveFacts(factsPath(config.stateDir), facts);
    onChange();
  }

  async #publish(): Promise<void> {
    const record = this.#record();
    if (this.#facts === undefined || record === undefined) return;
    const status = peerStatus(this.#facts, this.#options.incarnation, this.#networks);
    await publishPeer(this.#options.client, record, status);
  }
}

function nodeAddresses(cluster: Cluster): IpAddress[] {
  const addresses = cluster.node()?.status.addresses.filter((one) => one.type === 'InternalIP') ?? [];
  return addresses.flatMap((one) => {
    const ip = parseIp(one.address);
    return ip.ok ? [ip.value] : [];
  });
}
