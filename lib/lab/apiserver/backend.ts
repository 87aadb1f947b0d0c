/** What every handler works on: the stored objects, the served resources, the time and the chance. */
import type { Logger } from '../../telemetry/log.ts';
import type { Faults } from './faults.ts';
import type { Registry } from './registry.ts';
import type { Store } from './store.ts';
import type { Watchers } from './watchers.ts';

export interface Backend {
  readonly store: Store;
  readonly registry: Registry;
  readonly faults: Faults;
  readonly watchers: Watchers;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  uid(): string;
}

/** Timestamps of the API have whole seconds. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
