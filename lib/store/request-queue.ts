/** DELs that the plugin could not hand to the agent: one file a request, in the plugin's own wire form, until they are carried out. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeDurably } from './atomic-file.ts';

export interface QueuedRequest {
  readonly bytes: Uint8Array;
  /** Call when it was carried out: it is gone from the disk then. */
  done(): Promise<void>;
}

/** Oldest first; none when the folder does not exist. Names that start with "." are still being written. */
export async function readQueue(directory: string): Promise<readonly QueuedRequest[]> {
  const files = await readdir(directory).catch(() => []);
  const complete = files.filter((file) => !file.startsWith('.')).sort();
  return Promise.all(
    complete.map(async (file) => {
      const path = join(directory, file);
      return { bytes: await readFile(path), done: () => removeDurably(path) };
    }),
  );
}
