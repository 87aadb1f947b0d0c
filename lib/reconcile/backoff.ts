/** How long to wait before the next attempt. */

export interface BackoffPolicy {
  /** After the first failure. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** 0 to 1: which part of the delay is random, so that those who failed together do not come back together. */
  readonly jitter: number;
}

export const DEFAULT_BACKOFF: BackoffPolicy = { baseMs: 50, maxMs: 10_000, jitter: 0.5 };

/**
 * Doubles with each failure (1, 2, 3, …) up to the maximum.
 * @param random 0 to 1
 */
export function backoffDelayMs(policy: BackoffPolicy, failures: number, random: number = Math.random()): number {
  const full = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(failures - 1, 30));
  return full * (1 - policy.jitter * random);
}
