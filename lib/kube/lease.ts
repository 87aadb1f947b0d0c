/**
 * Leader election by a coordination.k8s.io/v1 Lease, as client-go's leaderelection does it: a lease counts as expired when we
 * have not seen it *change* for its duration by our own clock, so that clocks which are apart do no harm. It avoids double work;
 * what must not happen twice is guarded by unique names.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lease, leases } from '../api/lease.ts';
import { errorMessage, type Logger } from '../telemetry/log.ts';
import type { KubeClient } from './client.ts';
import { hasReason } from './error.ts';

export interface ElectionOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Unique for each process: host name and something random. */
  readonly identity: string;
  readonly logger: Logger;
  readonly onChange: (isLeader: boolean) => void;
  readonly timing?: Partial<ElectionTiming>;
  /** This process's idea of the time, which others see but nobody relies on; ms since the epoch. */
  readonly wallClock?: () => number;
}

export interface ElectionTiming {
  /** How long the others wait for a leader that fell silent. */
  readonly leaseMs: number;
  /** How long a leader that cannot renew goes on; less than `leaseMs`. */
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
}

export interface Election {
  /** By our own clock: false also when the process was stopped for so long that another may lead. */
  readonly isLeader: boolean;
  /** Gives the lease back, so that another takes over at once. */
  stop(): Promise<void>;
}

/** A crashed leader is replaced within 12 s. */
const DEFAULT_TIMING: ElectionTiming = { leaseMs: 10_000, renewDeadlineMs: 7000, retryMs: 1500 };

/** Starts at once. */
export function startElection(options: ElectionOptions): Election {
  return new LeaseElection(options);
}

class LeaseElection implements Election {
  readonly #options: ElectionOptions;
  readonly #timing: ElectionTiming;
  readonly #stopping = new AbortController();
  readonly #finished: Promise<void>;
  /** The lease as it was last seen, and when it was first seen so. */
  #seen: { readonly lease: Lease; readonly at: number } | undefined;
  #renewedAt = -Infinity;
  #wasLeader = false;
  /** One warning an outage is enough. */
  #hasComplained = false;

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    this.#finished = this.#run();
  }

  get isLeader(): boolean {
    return performance.now() - this.#renewedAt < this.#timing.renewDeadlineMs;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#finished;
    const wasLeader = this.isLeader;
    this.#renewedAt = -Infinity;
    this.#report();
    if (wasLeader) await this.#release();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const start = performance.now();
      try {
        if (await this.#acquireOrRenew()) this.#renewedAt = start;
        else this.#renewedAt = -Infinity;
        this.#hasComplained = false;
      } catch (error) {
        const level = this.#hasComplained ? 'debug' : 'warn';
        this.#options.logger[level]({ reason: errorMessage(error) }, 'lease not renewed: trying again');
        this.#hasComplained = true;
      }
      this.#report();
      const delay = this.#timing.retryMs * (0.8 + Math.random() * 0.4);
      await sleep(delay, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  #report(): void {
    if (this.isLeader === this.#wasLeader) return;
    this.#wasLeader = this.isLeader;
    this.#options.logger.info({ identity: this.#options.identity }, this.isLeader ? 'leading' : 'no longer leading');
    this.#options.onChange(this.isLeader);
  }

  async #acquireOrRenew(): Promise<boolean> {
    const lease = await this.#read();
    if (!lease) return this.#create();
    this.#observe(lease);
    const isOurs = lease.spec.holderIdentity === this.#options.identity;
    return isOurs || this.#hasExpired() ? this.#write(lease, isOurs) : false;
  }

  #observe(lease: Lease): void {
    if (this.#seen?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return;
    this.#seen = { lease, at: performance.now() };
  }

  #hasExpired(): boolean {
    if (!this.#seen) return false;
    const { holderIdentity, leaseDurationSeconds } = this.#seen.lease.spec;
    const durationMs = (leaseDurationSeconds ?? this.#timing.leaseMs / 1000) * 1000;
    return !holderIdentity || performance.now() - this.#seen.at > durationMs;
  }

  async #read(): Promise<Lease | undefined> {
    try {
      return await this.#options.client.get(leases, this.#options.name, this.#call());
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #create(): Promise<boolean> {
    const { client, name } = this.#options;
    try {
      await client.create(
        leases,
        { metadata: { name }, spec: { ...this.#claim(), leaseTransitions: 0 } },
        this.#call(),
      );
      return true;
    } catch (error) {
      if (hasReason(error, 'AlreadyExists')) return false;
      throw error;
    }
  }

  /** Takes or renews the lease unless someone else has written it meanwhile. */
  async #write(lease: Lease, isOurs: boolean): Promise<boolean> {
    const { renewTime, holderIdentity, leaseDurationSeconds, acquireTime } = this.#claim();
    const renewal = { renewTime, holderIdentity, leaseDurationSeconds };
    const takeover = { ...renewal, acquireTime, leaseTransitions: (lease.spec.leaseTransitions ?? 0) + 1 };
    return this.#patch(lease, isOurs ? renewal : takeover);
  }

  async #release(): Promise<void> {
    try {
      const lease = await this.#read();
      if (lease?.spec.holderIdentity === this.#options.identity) await this.#patch(lease, { holderIdentity: null });
    } catch (error) {
      this.#options.logger.warn({ reason: errorMessage(error) }, 'lease not released: it expires by itself');
    }
  }

  async #patch(lease: Lease, spec: object): Promise<boolean> {
    const { client, name } = this.#options;
    const { resourceVersion } = lease.metadata;
    try {
      this.#observe(await client.patch(leases, name, { metadata: { resourceVersion }, spec }, this.#call()));
      return true;
    } catch (error) {
      if (hasReason(error, 'Conflict')) return false;
      throw error;
    }
  }

  #claim() {
    const now = new Date((this.#options.wallClock ?? Date.now)()).toISOString().replace('Z', '000Z');
    const leaseDurationSeconds = Math.ceil(this.#timing.leaseMs / 1000);
    return { holderIdentity: this.#options.identity, leaseDurationSeconds, acquireTime: now, renewTime: now };
  }

  #call() {
    return { namespace: this.#options.namespace, timeoutMs: Math.min(5000, this.#timing.renewDeadlineMs) };
  }
}
