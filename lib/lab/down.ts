/** Removes a lab however it was left, and says what it found and what, against expectation, is still there. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { commandOutput, runCommand } from './command.ts';
import { requireRoot } from './lab.ts';
import { LabError } from './lab-error.ts';
import { withLabLock } from './lab-lock.ts';
import { readLabState, requireUsableDir } from './lab-state.ts';
import { type LabLayout, labLayout, MOUNT_POINTS } from './layout.ts';
import { removeMountPoints } from './mount-points.ts';
import { type Mount, mountsBelow, parseMountinfo } from './mountinfo.ts';
import { findProcesses, findReferences, type FoundProcess, isSelfInside } from './process-scan.ts';
import { killProcess } from './process.ts';

export interface DownReport {
  readonly processes: readonly FoundProcess[];
  /** `net:[4026532178]`: the nodes', their containers' and their networks'. */
  readonly namespaces: readonly string[];
  readonly mounts: readonly string[];
  /** What is still there after the removal; empty when all is well. */
  readonly left: readonly string[];
}

/** undefined when there was no lab. */
export async function labDown(dir: string): Promise<DownReport | undefined> {
  requireRoot();
  const layout = labLayout(dir);
  await requireUsableDir(layout);
  const files = await readdir(layout.dir).catch(() => undefined);
  if (files === undefined) return undefined;
  return withLabLock(layout, () => removeLab(layout));
}

/** The same under a lock that the caller holds. */
export async function removeLab(layout: LabLayout): Promise<DownReport> {
  const state = await readLabState(layout).catch(() => undefined);
  const namespaces = await labNamespaces(layout);
  if (await isSelfInside(namespaces, state?.id))
    throw new LabError(`this command runs inside the lab in ${layout.dir}`, 'leave that shell first');
  const before = new Set(await findReferences(namespaces));
  const processes = await endProcesses(namespaces, state?.id);
  const mounts = await unmountAll(layout);
  await removeFiles(layout);
  await removeMountPoints(MOUNT_POINTS);
  const left = await whatIsLeft(layout, before, state?.id, namespaces);
  return { processes, namespaces, mounts: mounts.map((mount) => mount.target), left };
}

/** Every namespace of the lab, as /proc/PID/ns shows it: those of nodes and fabric, and those mounted inside the nodes. */
async function labNamespaces(layout: LabLayout): Promise<readonly string[]> {
  const ours = mountsBelow(await machineMounts(), layout.dir).filter((mount) => mount.type === 'nsfs');
  const inner = ours.filter((mount) => mount.root.startsWith('mnt:')).map((mount) => namespacesIn(mount.target));
  return [...new Set([...ours.map((mount) => mount.root), ...(await Promise.all(inner)).flat()])];
}

async function namespacesIn(mountNamespace: string): Promise<readonly string[]> {
  const argv = ['nsenter', `--mount=${mountNamespace}`, '--', 'cat', '/proc/self/mountinfo'];
  const mounts = parseMountinfo(await commandOutput(argv).catch(() => ''));
  return mounts.filter((mount) => mount.type === 'nsfs').map((mount) => mount.root);
}

const machineMounts = async (): Promise<readonly Mount[]> =>
  parseMountinfo(await readFile('/proc/self/mountinfo', 'utf8'));

/** In rounds: what is being forked while we look is found in the next one. */
async function endProcesses(namespaces: readonly string[], id: string | undefined): Promise<readonly FoundProcess[]> {
  const ended: FoundProcess[] = [];
  for (let round = 0; round < 10; round++) {
    const found = await findProcesses(namespaces, id);
    if (found.length === 0) break;
    await Promise.all(found.map((process) => killProcess(process)));
    ended.push(...found);
  }
  return ended;
}

/** lab.json last: until then what is left is known for a lab's. */
async function removeFiles(layout: LabLayout): Promise<void> {
  const files = (await readdir(layout.dir)).filter((file) => join(layout.dir, file) !== layout.lab);
  for (const file of files) await rm(join(layout.dir, file), { recursive: true, force: true });
  await rm(layout.dir, { recursive: true, force: true });
}

async function unmountAll(layout: LabLayout): Promise<readonly Mount[]> {
  const mounts = mountsBelow(await machineMounts(), layout.dir);
  for (const { target } of mounts) await runCommand(['umount', '--lazy', '--', target]);
  const stuck = mountsBelow(await machineMounts(), layout.dir);
  if (stuck.length > 0)
    throw new LabError(
      `cannot unmount ${stuck.map((mount) => mount.target).join(', ')}`,
      'unmount it by hand, then run down again',
    );
  return mounts;
}

/**
 * Files, processes and references that outlived the removal. A reference counts only when the same process had it before: the
 * kernel gives the number of a namespace that is gone to the next one.
 */
async function whatIsLeft(
  layout: LabLayout,
  before: ReadonlySet<string>,
  id: string | undefined,
  namespaces: readonly string[],
): Promise<readonly string[]> {
  const marked = (await findProcesses([], id)).map(({ pid, command }) => `process ${pid} (${command})`);
  const files = (await readdir(layout.dir).catch(() => [])).map((file) => `${layout.dir}/${file}`);
  const references = (await findReferences(namespaces)).filter((reference) => before.has(reference));
  return [...marked, ...files, ...references];
}
