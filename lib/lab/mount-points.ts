/**
 * The paths that a node's own folders are mounted on (/var/lib/warren, /opt/cni/bin, …). They must exist on the machine; those
 * that a lab had to make are marked, and the last lab that used them removes them again.
 */
import { mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseMountinfo } from './mountinfo.ts';

/** Lies in the topmost folder that was made. */
const MARK = '.made-by-warren-lab';

export async function makeMountPoints(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const topmost = await mkdir(path, { recursive: true });
    if (topmost !== undefined) await writeFile(join(topmost, MARK), '');
  }
}

/**
 * Removes the marked ones that hold nothing and that no mount namespace uses; returns what it removed. Where a node of any lab
 * stands, all are taken for used: while no process runs on it, nothing shows what is mounted there.
 */
export async function removeMountPoints(paths: readonly string[]): Promise<readonly string[]> {
  const used = await usedMountPoints(paths);
  const removed: string[] = [];
  for (const path of paths) {
    const marked = used.has(path) ? undefined : await markedAncestor(path);
    if (marked !== undefined && !(await hasNode()) && (await removeEmpty(path, marked))) removed.push(path);
  }
  return removed;
}

async function markedAncestor(path: string): Promise<string | undefined> {
  for (let at = path; at !== '/'; at = dirname(at)) {
    const mark = await stat(join(at, MARK)).catch(() => undefined);
    if (mark) return at;
  }
  return undefined;
}

/** From the path up to the marked folder, as far as they are empty but for the mark. */
async function removeEmpty(path: string, marked: string): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    const rest = (await readdir(at)).filter((name) => name !== MARK);
    if (rest.length > 0) return at !== path;
    await rm(join(at, MARK), { force: true });
    await rmdir(at);
    if (at === marked) return true;
  }
}

/** A mount namespace that a file holds. Asked at the last moment, since labs may be made meanwhile. */
async function hasNode(): Promise<boolean> {
  const mounts = parseMountinfo(await readFile('/proc/self/mountinfo', 'utf8'));
  return mounts.some(({ type, root }) => type === 'nsfs' && root.startsWith('mnt:'));
}

/** Asked of every process, since each may be in another mount namespace: removing a folder would take its mount away. */
async function usedMountPoints(paths: readonly string[]): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
    for (const mount of parseMountinfo(text)) if (paths.includes(mount.target)) used.add(mount.target);
  }
  return used;
}
