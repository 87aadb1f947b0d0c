/** One piece of work that is asked for by many events and repeated now and then in case an event was missed. */
import type { BackoffPolicy } from './backoff.ts';
import { type Clock, realClock } from './clock.ts';
import { createQueue } from './queue.ts';

export interface RunnerOptions {
  readonly work: () => Promise<void>;
  readonly clock?: Clock;
  readonly backoff?: BackoffPolicy;
  /** Between two starts; default 0. */
  readonly minIntervalMs?: number;
  /** Runs again this long after a success without being asked. */
  readonly resyncMs?: number;
  readonly onError?: (error: unknown, retry: { readonly failures: number; readonly delayMs: number }) => void;
}

export interface Runner {
  /** As soon as possible; once more when it is running. */
  trigger(): void;
  /** Resolves when the last work asked for has succeeded. */
  idle(): Promise<void>;
  /** Starts nothing more and resolves when what runs has ended. */
  stop(): Promise<void>;
}

const ONLY = 'run';

export function createRunner({ work, resyncMs, onError, ...options }: RunnerOptions): Runner {
  const clock = options.clock ?? realClock;
  const queue = createQueue<typeof ONLY>({
    ...options,
    clock,
    work: async () => {
      await work();
      if (resyncMs !== undefined) queue.addAfter(ONLY, resyncMs);
    },
    onError: (_key, error, retry) => onError?.(error, retry),
  });
  return { trigger: () => queue.add(ONLY), idle: () => queue.idle(), stop: () => queue.stop() };
}
