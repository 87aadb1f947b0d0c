/**
 * A local copy of the objects of one kind, kept current by list and watch. It survives dropped connections, versions that the
 * server no longer has, servers that fall silent, and objects that are none of their kind.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Resource } from '../api/meta.ts';
import { errorMessage, type Logger, silentLogger } from '../telemetry/log.ts';
import { type Change, createCache, createUnreadableSet, type KubeObject, type UnreadableSet } from './cache.ts';
import type { KubeClient, Selectors } from './client.ts';
import { isExpired } from './error.ts';
import { identityOf, readObject, type Unreadable } from './object.ts';
import type { WatchEvent } from './watch.ts';

export interface InformerOptions<T> extends Selectors {
  /** Of a namespaced kind: this namespace only. */
  readonly namespace?: string;
  /** Called for each change, in order, the objects of the first list included. What it throws is logged. */
  readonly onChange?: (change: Change<T>) => void;
  readonly logger?: Logger;
  readonly timing?: Partial<InformerTiming>;
}

export interface InformerTiming {
  /** A watch on which nothing arrives for this long is given up. Servers send a bookmark once a minute. */
  readonly inactivityMs: number;
  /** After this long (at random up to twice that) the server ends a watch, which then continues elsewhere. */
  readonly watchSeconds: number;
  /** The pause before another attempt; the first is attempt 0. */
  readonly retryDelayMs: (attempt: number) => number;
}

export interface Informer<T> {
  /** Resolves after the first complete list; rejects when stopped before that. */
  readonly synced: Promise<void>;
  readonly isSynced: boolean;
  /** A watch keeps the copy current. Without one, because the server is away or refuses, the copy stays as it was. */
  readonly isConnected: boolean;
  /** When the server was last heard, in ms since the epoch; 0: never. */
  readonly lastContact: number;
  get(name: string, namespace?: string): T | undefined;
  /** The same array until something changes. */
  list(): readonly T[];
  /** Objects that are there, but not readable: absent from everything else here. */
  unreadable(): readonly Unreadable[];
  stop(): Promise<void>;
}

const DEFAULT_TIMING: InformerTiming = {
  inactivityMs: 75_000,
  watchSeconds: 300,
  retryDelayMs: (attempt) => Math.min(5000, 100 * 2 ** attempt) * (0.5 + Math.random() / 2),
};
/** A watch that ends sooner than this counts as a failure: a server that ends each at once must not be asked in a loop. */
const SHORT_WATCH_MS = 1000;

/** Starts at once. */
export function createInformer<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  options: InformerOptions<T> = {},
): Informer<T> {
  return new ListWatchInformer(client, resource, options);
}

class ListWatchInformer<T extends KubeObject> implements Informer<T> {
  isSynced = false;
  isConnected = false;
  lastContact = 0;
  readonly #client: KubeClient;
  readonly #resource: Resource<T>;
  readonly #options: InformerOptions<T>;
  readonly #timing: InformerTiming;
  readonly #logger: Logger;
  readonly #cache = createCache<T>();
  readonly #unreadable: UnreadableSet;
  readonly #stopping = new AbortController();
  readonly #firstSync: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #finished: Promise<void>;
  /** Up to where the copy is current; empty before the first list and after the server has lost that version. */
  #version = '';
  /** One warning an outage is enough. */
  #hasComplained = false;

  constructor(client: KubeClient, resource: Resource<T>, options: InformerOptions<T>) {
    this.#client = client;
    this.#resource = resource;
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    this.#logger = (options.logger ?? silentLogger).child({ kind: resource.kind });
    this.#unreadable = createUnreadableSet((of) =>
      this.#logger.warn({ object: of.name, reason: of.error }, 'object ignored: it is not readable'),
    );
    this.#firstSync.promise.catch(() => undefined);
    this.#finished = this.#run();
  }

  get synced(): Promise<void> {
    return this.#firstSync.promise;
  }
  get(name: string, namespace?: string): T | undefined {
    return this.#cache.get(name, namespace);
  }
  list(): readonly T[] {
    return this.#cache.list();
  }
  unreadable(): readonly Unreadable[] {
    return this.#unreadable.list();
  }
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#firstSync.reject(new Error(`the ${this.#resource.kind} informer was stopped before its first list`));
    await this.#finished;
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#stopping.signal.aborted; attempt++) {
      const start = performance.now();
      try {
        if (this.#version === '') await this.#relist();
        await this.#watch();
      } catch (error) {
        this.#failed(error);
      }
      if (performance.now() - start > SHORT_WATCH_MS) attempt = 0;
      await this.#pause(attempt);
    }
  }

  #failed(error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    if (isExpired(error)) {
      this.#version = '';
      this.#logger.info('the server no longer has our version: listing again');
      return;
    }
    const level = this.#hasComplained ? 'debug' : 'warn';
    this.#logger[level]({ reason: errorMessage(error) }, 'list or watch failed: trying again');
    this.#hasComplained = true;
    this.isConnected = false;
  }

  async #pause(attempt: number): Promise<void> {
    const delay = this.#timing.retryDelayMs(attempt);
    await sleep(delay, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  async #relist(): Promise<void> {
    const listed = await this.#client.list(this.#resource, { ...this.#scope(), signal: this.#stopping.signal });
    this.lastContact = Date.now();
    this.#unreadable.replace(listed.unreadable);
    for (const change of this.#cache.replace(listed.items)) this.#emit(change);
    this.#version = listed.resourceVersion;
    this.isSynced = true;
    this.#firstSync.resolve();
  }

  /** One watch, given up when nothing arrives on it for too long: a connection can be dead without anybody saying so. */
  async #watch(): Promise<void> {
    const stalled = new AbortController();
    const alarm = setTimeout(() => stalled.abort(), this.#timing.inactivityMs);
    const timeoutSeconds = Math.ceil(this.#timing.watchSeconds * (1 + Math.random()));
    const signal = AbortSignal.any([this.#stopping.signal, stalled.signal]);
    try {
      const onOpen = (): void => this.#heard();
      const options = { ...this.#scope(), resourceVersion: this.#version, timeoutSeconds, signal, onOpen };
      await this.#client.watch(this.#resource, options, (event) => {
        alarm.refresh();
        this.#heard();
        this.#take(event);
      });
    } catch (error) {
      if (!stalled.signal.aborted) throw error;
      throw new Error(`the server has been silent for ${this.#timing.inactivityMs} ms`, { cause: error });
    } finally {
      clearTimeout(alarm);
    }
  }

  #take(event: WatchEvent): void {
    const identity = identityOf(event.object);
    if (identity?.resourceVersion) this.#version = identity.resourceVersion;
    if (!identity?.name || event.type === 'BOOKMARK') return;
    const { name, namespace } = identity;
    const read = event.type === 'DELETED' ? undefined : readObject(this.#resource, event.object);
    if (read?.kind === 'unreadable') this.#unreadable.add(read.unreadable);
    else this.#unreadable.remove(name, namespace);
    this.#emit(read?.kind === 'object' ? this.#cache.put(read.object) : this.#cache.remove(name, namespace));
  }

  #emit(change: Change<T> | undefined): void {
    if (!change) return;
    try {
      this.#options.onChange?.(change);
    } catch (error) {
      this.#logger.error({ err: error, object: change.object.metadata.name }, 'change handler failed');
    }
  }

  #heard(): void {
    this.lastContact = Date.now();
    if (this.#hasComplained) this.#logger.info('connected again');
    this.#hasComplained = false;
    this.isConnected = true;
  }

  #scope() {
    const { labelSelector, fieldSelector, namespace } = this.#options;
    return { labelSelector, fieldSelector, namespace };
  }
}
