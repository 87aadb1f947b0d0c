/** libcni's cache: one file an attachment in /var/lib/cni/results, by which DEL knows configuration and result of the ADD. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { writeAtomically } from '../store/atomic-file.ts';

/** As libcni writes it, so that other tools read it. */
const cachedSchema = z.object({
  kind: z.literal('cniCacheV1'),
  containerId: z.string(),
  /** The configuration list, base64. */
  config: z.string(),
  ifName: z.string(),
  networkName: z.string(),
  cniArgs: z.array(z.tuple([z.string(), z.string()])).optional(),
  capabilityArgs: z.record(z.string(), z.unknown()).optional(),
  result: z.unknown(),
});
export type CachedResult = z.infer<typeof cachedSchema>;

type Key = Pick<CachedResult, 'networkName' | 'containerId' | 'ifName'>;
const cacheFile = (folder: string, of: Key): string =>
  join(folder, 'results', `${of.networkName}-${of.containerId}-${of.ifName}`);

export async function writeCached(folder: string, cached: CachedResult): Promise<void> {
  await mkdir(join(folder, 'results'), { recursive: true, mode: 0o700 });
  await writeAtomically(cacheFile(folder, cached), JSON.stringify(cached));
}

/** undefined when there is none, or none that can be read: DEL then goes without, as libcni's does. */
export async function readCached(folder: string, of: Key): Promise<CachedResult | undefined> {
  try {
    return cachedSchema.parse(JSON.parse(await readFile(cacheFile(folder, of), 'utf8')));
  } catch {
    return undefined;
  }
}

export const removeCached = (folder: string, of: Key): Promise<void> => rm(cacheFile(folder, of), { force: true });
