/** What the lab remembers of a container: one file each, so that names are unique and a crash leaves a trace to clean up by. */
import { randomBytes, randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { writeAtomically } from '../store/atomic-file.ts';
import { parseContainerName } from './container-request.ts';
import { errnoOf } from './errno.ts';
import { LabError } from './lab-error.ts';
import type { LabLayout } from './layout.ts';

const recordSchema = z.object({
  name: z.string(),
  /** 64 hex digits, as every runtime has them. */
  id: z.string(),
  node: z.string(),
  namespace: z.string(),
  /** Of its Pod; absent until that is created. */
  podUid: z.string().optional(),
  /** Of its network namespace, as the node sees it. */
  netns: z.string(),
  /** The CNI configuration list it was attached with; absent until then. DEL uses the same one. */
  conf: z.string().optional(),
});
export type ContainerRecord = z.infer<typeof recordSchema>;

const recordFile = (layout: LabLayout, name: string): string => join(layout.containers, `${name}.json`);

/** A name that is free from now on taken; throws LabError when it is not free. */
export async function claimName(
  layout: LabLayout,
  of: Pick<ContainerRecord, 'name' | 'node' | 'namespace'>,
): Promise<ContainerRecord> {
  const record = { ...of, id: randomBytes(32).toString('hex'), netns: `/run/netns/cni-${randomUUID()}` };
  const draft = `${recordFile(layout, of.name)}.${record.id}`;
  await writeFile(draft, JSON.stringify(record), { mode: 0o600 });
  try {
    // Unlike a rename, a link fails when the name is taken, and it appears with all of its content.
    await link(draft, recordFile(layout, of.name));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    const next = `choose another name, or first: warrenctl lab rm ${of.name}`;
    throw new LabError(`there is a container "${of.name}" already`, next);
  } finally {
    await rm(draft);
  }
  return record;
}

export const saveRecord = (layout: LabLayout, record: ContainerRecord): Promise<void> =>
  writeAtomically(recordFile(layout, record.name), JSON.stringify(record));

export const forgetRecord = (layout: LabLayout, name: string): Promise<void> =>
  rm(recordFile(layout, name), { force: true });

/** Throws LabError when there is no such container. */
export async function findContainer(layout: LabLayout, name: string): Promise<ContainerRecord> {
  // A name that is none could be the path of another file.
  const found = parseContainerName(name).ok ? await readRecord(recordFile(layout, name)) : undefined;
  if (found) return found;
  throw new LabError(`there is no container "${name}"`, 'see which there are: warrenctl lab status');
}

/** Sorted by name. */
export async function listContainers(layout: LabLayout): Promise<readonly ContainerRecord[]> {
  const files = (await readdir(layout.containers)).filter((file) => file.endsWith('.json')).toSorted();
  const records = await Promise.all(files.map((file) => readRecord(join(layout.containers, file))));
  return records.filter((record) => record !== undefined);
}

/** undefined when there is none, or none any more. */
async function readRecord(path: string): Promise<ContainerRecord | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
}
