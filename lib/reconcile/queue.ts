/**
 * Work by key: what is added twice runs once, one key never runs beside itself, a failure is tried again later, and no key
 * runs more often than it may.
 */
import { type BackoffPolicy, backoffDelayMs, DEFAULT_BACKOFF } from './backoff.ts';
import { type Clock, realClock } from './clock.ts';

export interface QueueOptions<K> {
  /** Brings the key to where it should be. What it throws is reported and leads to another attempt. */
  readonly work: (key: K) => Promise<void>;
  readonly clock?: Clock;
  /** Keys worked on at a time; default 1. */
  readonly concurrency?: number;
  readonly backoff?: BackoffPolicy;
  /** Between two starts of one key; default 0. */
  readonly minIntervalMs?: number;
  readonly onError?: (key: K, error: unknown, retry: { readonly failures: number; readonly delayMs: number }) => void;
}

/** Keys are compared as Map keys are. */
export interface Queue<K> {
  /** As soon as possible, also when the key waits for another attempt; once more when it is running. */
  add(key: K): void;
  /** As `add` after a while. Of several, the earliest counts. */
  addAfter(key: K, ms: number): void;
  /** Resolves when all that was added has succeeded, retries included; what `addAfter` holds for later does not count. */
  idle(): Promise<void>;
  /** Starts nothing more and resolves when what runs has ended. */
  stop(): Promise<void>;
}

interface Entry {
  /** `waiting` for another attempt, `resting` until it may run again. */
  state: 'ready' | 'running' | 'waiting' | 'resting';
  /** Added since the last start. */
  isDirty: boolean;
  failures: number;
  startedAt: number;
  cancelTimer: () => void;
}

interface Delayed {
  readonly due: number;
  readonly cancel: () => void;
}

const nothing = (): void => undefined;

export function createQueue<K>(options: QueueOptions<K>): Queue<K> {
  return new KeyedQueue(options);
}

class KeyedQueue<K> implements Queue<K> {
  readonly #options: QueueOptions<K>;
  readonly #clock: Clock;
  readonly #concurrency: number;
  readonly #backoff: BackoffPolicy;
  readonly #minIntervalMs: number;
  readonly #entries = new Map<K, Entry>();
  readonly #delayed = new Map<K, Delayed>();
  readonly #ready: K[] = [];
  #running = 0;
  #isStopped = false;
  #waiters: (() => void)[] = [];

  constructor(options: QueueOptions<K>) {
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#concurrency = options.concurrency ?? 1;
    this.#backoff = options.backoff ?? DEFAULT_BACKOFF;
    this.#minIntervalMs = options.minIntervalMs ?? 0;
  }

  add(key: K): void {
    if (this.#isStopped) return;
    const entry = this.#entries.get(key);
    if (!entry) {
      this.#entries.set(key, {
        state: 'ready',
        isDirty: true,
        failures: 0,
        startedAt: -Infinity,
        cancelTimer: nothing,
      });
      this.#enqueue(key);
      return;
    }
    entry.isDirty = true;
    if (entry.state === 'waiting') this.#rest(key, entry);
  }

  addAfter(key: K, ms: number): void {
    if (this.#isStopped) return;
    const due = this.#clock.now() + ms;
    const planned = this.#delayed.get(key);
    if (planned && planned.due <= due) return;
    planned?.cancel();
    const cancel = this.#clock.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { due, cancel });
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#settle();
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#ready.length = 0;
    for (const [key, entry] of this.#entries) {
      entry.cancelTimer();
      if (entry.state !== 'running') this.#entries.delete(key);
    }
    await this.idle();
  }

  #enqueue(key: K): void {
    this.#ready.push(key);
    queueMicrotask(() => this.#startReady());
  }

  #startReady(): void {
    while (this.#running < this.#concurrency) {
      const key = this.#ready.shift();
      const entry = key === undefined ? undefined : this.#entries.get(key);
      if (key === undefined || !entry) return;
      void this.#start(key, entry);
    }
  }

  async #start(key: K, entry: Entry): Promise<void> {
    this.#running++;
    Object.assign(entry, { state: 'running', isDirty: false, startedAt: this.#clock.now() });
    try {
      await this.#options.work(key);
      entry.failures = 0;
    } catch (error) {
      this.#failed(key, entry, error);
    }
    this.#running--;
    this.#finished(key, entry);
    this.#startReady();
  }

  #failed(key: K, entry: Entry, error: unknown): void {
    entry.failures++;
    const delayMs = backoffDelayMs(this.#backoff, entry.failures);
    this.#options.onError?.(key, error, { failures: entry.failures, delayMs });
    if (this.#isStopped) return;
    entry.state = 'waiting';
    entry.cancelTimer = this.#clock.after(delayMs, () => {
      entry.isDirty = true;
      this.#rest(key, entry);
    });
  }

  #finished(key: K, entry: Entry): void {
    if (this.#isStopped) this.#entries.delete(key);
    else if (entry.state === 'running' || entry.isDirty) this.#rest(key, entry);
    this.#settle();
  }

  /** Holds the key until it may run again, then lets it run if there is a reason to. */
  #rest(key: K, entry: Entry): void {
    entry.cancelTimer();
    entry.state = 'resting';
    const remaining = entry.startedAt + this.#minIntervalMs - this.#clock.now();
    if (remaining > 0) entry.cancelTimer = this.#clock.after(remaining, () => this.#rested(key, entry));
    else this.#rested(key, entry);
  }

  #rested(key: K, entry: Entry): void {
    if (entry.isDirty) {
      entry.state = 'ready';
      this.#enqueue(key);
    } else {
      this.#entries.delete(key);
      this.#settle();
    }
  }

  #settle(): void {
    if (this.#waiters.length === 0) return;
    const isBusy = [...this.#entries.values()].some((entry) => entry.state !== 'resting' || entry.isDirty);
    if (isBusy) return;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
