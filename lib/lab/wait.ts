/** Waiting for something that another process does. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Tries until `probe` no longer throws; after `timeout` milliseconds its last error is thrown. */
export async function eventually<T>(probe: () => Promise<T>, timeout: number, pause = 50): Promise<T> {
  const deadline = performance.now() + timeout;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(pause);
  }
}
