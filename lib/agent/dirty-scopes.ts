/** Which scopes are to be reconciled, and when: soon after the cluster changed, and after the kernel said that something happened. */
import type { NetnsRef } from '../dataplane/object.ts';
import { netnsVni, networkNetns } from '../dataplane/owner.ts';
import { createQueue, type Queue } from '../reconcile/queue.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Cluster } from './cluster.ts';
import { kernelFailure } from './failure.ts';
import type { Scopes } from './scopes.ts';
import { scopesOf, type View } from './view.ts';

export interface DirtyScopes {
  /** Something changed that may concern every scope. */
  all(): void;
  /** An endpoint of the network changed. */
  network(name: string): void;
  /** Something happened in a namespace: the kernel's own word is wanted; `soon` serves a burst, and `idle` does not wait for it. */
  look(netns: NetnsRef, when?: 'soon' | 'now'): void;
  idle(): Promise<void>;
  stop(): Promise<void>;
}

export interface DirtyOptions {
  readonly scopes: Scopes;
  readonly cluster: Pick<Cluster, 'network'>;
  readonly view: () => View | undefined;
  readonly netnsDir: string;
  /** What may be deleted before the first sync is looked at again after it. */
  readonly maySweep: () => boolean;
  readonly log: Logger;
}

/** Notifications come in bursts, also for what we do ourselves: one look at the kernel serves a burst. */
const LOOK_DELAY_MS = 200;
/** One round serves the endpoints that come together. */
const PEER_DELAY_MS = 5;
const UNSYNCED_DELAY_MS = 500;

export const createDirtyScopes = (options: DirtyOptions): DirtyScopes => new QueuedScopes(options);

class QueuedScopes implements DirtyScopes {
  readonly #options: DirtyOptions;
  readonly #queue: Queue<NetnsRef>;
  readonly #looks = new Set<NetnsRef>();

  constructor(options: DirtyOptions) {
    this.#options = options;
    this.#queue = createQueue({
      work: (scope) => this.#reconcile(scope),
      concurrency: 4,
      onError: (scope, error, retry) =>
        options.log.warn({ scope, err: error, ...retry }, 'reconcile failed: trying again'),
    });
  }

  all(): void {
    const view = this.#options.view();
    if (view !== undefined) for (const scope of scopesOf(view)) this.#queue.addAfter(scope, PEER_DELAY_MS);
  }

  network(name: string): void {
    const vni = this.#options.cluster.network(name)?.status.vni;
    if (vni !== undefined) this.#queue.addAfter(networkNetns(this.#options.netnsDir, vni), PEER_DELAY_MS);
  }

  look(netns: NetnsRef, when: 'soon' | 'now' = 'soon'): void {
    // A container's own namespace is its business: what is missing there shows on the bridge's side too.
    if (netns !== 'host' && netnsVni(netns) === undefined) return;
    this.#looks.add(netns);
    if (when === 'now') this.#queue.add(netns);
    else this.#queue.addAfter(netns, LOOK_DELAY_MS);
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }
  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #reconcile(scope: NetnsRef): Promise<void> {
    const { scopes, view, maySweep } = this.#options;
    if (view() === undefined) return;
    const isWhole = maySweep();
    const failed = kernelFailure(await scopes.reconcile(scope, this.#looks.delete(scope) ? 'observe' : 'reached'));
    if (failed !== undefined) throw failed;
    if (!isWhole) this.#queue.addAfter(scope, UNSYNCED_DELAY_MS);
  }
}
