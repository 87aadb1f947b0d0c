/** Requests that name a resourceVersion: checking it, and waiting a little for one that is still to come. */
import { once } from 'node:events';
import { ApiError } from './status.ts';
import type { Store } from './store.ts';

/** How long the real server waits for its cache to reach a version. */
const WAIT_MS = 3000;

const tooLarge = (wanted: number, current: number): ApiError =>
  new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });

/** The number in a resourceVersion, 0 for an absent one; undefined for what is none. */
export function versionNumber(text: string): number | undefined {
  if (text === '') return 0;
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** How the real server complains of a version that is no number. */
export const versionSyntax = (text: string): string =>
  `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;

/** Resolves once the store is at the version. Throws 504 when that takes too long. */
export async function waitForVersion(store: Store, wanted: number): Promise<void> {
  const deadline = AbortSignal.timeout(WAIT_MS);
  while (store.version < wanted) {
    try {
      await once(store, 'change', { signal: deadline });
    } catch {
      throw tooLarge(wanted, store.version);
    }
  }
}
