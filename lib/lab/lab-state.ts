/** lab.json: what a lab is. Everything else is asked of the kernel and the API server. */
import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import * as z from 'zod';
import { parseWith } from '../api/field.ts';
import { writeAtomically } from '../store/atomic-file.ts';
import { errnoOf } from './errno.ts';
import { parseJson } from './json-text.ts';
import { LabError } from './lab-error.ts';
import { type LabLayout, MOUNT_POINTS } from './layout.ts';

const labStateSchema = z.object({
  version: z.literal(1),
  /** False while its namespaces are being made: what a crash left then is removed, not repaired. */
  built: z.boolean(),
  /** In the environment of the lab's processes. */
  id: z.uuid(),
  /** The machine's boot that its namespaces belong to. */
  bootId: z.string(),
  options: z.object({
    nodes: z.number().int(),
    underlayMtu: z.number().int(),
    underlayFamily: z.union([z.literal(4), z.literal(6)]),
  }),
  /** Folder with kube-apiserver and etcd to use instead of the embedded API server. */
  assets: z.string().optional(),
  /** TCP port of the API server, the same on 127.0.0.1 and on the fabric. */
  apiPort: z.number().int(),
});
export type LabState = z.infer<typeof labStateSchema>;

/** undefined when the folder holds no lab. */
export async function readLabState(layout: LabLayout): Promise<LabState | undefined> {
  const text = await readFile(layout.lab, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new LabError(`cannot read ${layout.lab}: ${String(error)}`, 'run as root, or name another folder with --dir');
  });
  if (text === undefined) return undefined;
  const parsed = parseWith(labStateSchema, parseJson(text));
  if (parsed.ok) return parsed.value;
  throw new LabError(
    `${layout.lab} is damaged: ${parsed.error}`,
    `remove the lab: warrenctl lab down --dir ${layout.dir}`,
  );
}

export const writeLabState = (layout: LabLayout, state: LabState): Promise<void> =>
  writeAtomically(layout.lab, `${JSON.stringify(state, null, 2)}\n`);

export const bootId = async (): Promise<string> => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();

/** Makes the lab's folders, readable by root alone: they hold tokens. */
export async function makeLabFolders(layout: LabLayout): Promise<void> {
  for (const dir of [layout.dir, layout.api, layout.kubeconfigs, layout.logs, layout.pids, layout.containers])
    await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(layout.dir, 0o700);
}

/** What nodes see differently, besides their mount points: a lab in one of them would not find itself. */
const HIDDEN = [...MOUNT_POINTS, '/var/run', '/proc', '/sys', '/dev'];

/** Throws LabError for a folder that a lab cannot live in, or that holds something else. */
export async function requireUsableDir({ dir }: LabLayout): Promise<void> {
  const next = 'name a new or empty folder with --dir';
  const hidden = HIDDEN.find((path) => dir === path || dir.startsWith(`${path}/`));
  if (hidden !== undefined)
    throw new LabError(`a lab cannot live in ${dir}: each node has a ${hidden} of its own`, next);
  if (/[\s\\]/.test(dir)) throw new LabError(`a lab cannot live in "${dir}": it holds a space or a backslash`, next);
  const folder = await stat(dir).catch(() => undefined);
  if (!folder) return;
  if (!folder.isDirectory()) throw new LabError(`${dir} is not a folder`, next);
  if (folder.uid !== 0) throw new LabError(`${dir} belongs to user ${folder.uid}, not to root`, next);
  if (!isLabFolder(await readdir(dir))) throw new LabError(`${dir} is not empty and is no lab`, next);
}

/** Empty, or with what the first moments of `up` and the last ones of `down` leave. */
const isLabFolder = (files: readonly string[]): boolean =>
  files.includes('lab.json') || files.every((file) => file === 'lock' || file === 'lab.json.tmp');
