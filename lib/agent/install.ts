/**
 * Puts the plugin and its configuration where the container runtime looks for them. The binary goes first; the configuration only once
 * the agent serves, because its presence is what makes a runtime call the node ready. Both stay when the agent stops: containerd
 * refuses DEL while no configuration is loaded.
 */
import { constants } from 'node:fs';
import {
  copyFile,
  chmod,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CNI_VERSION_NEWEST, CNI_VERSIONS } from '../api/cni.ts';

export const PLUGIN_NAME = 'warren';
/** Runtimes take the first file in lexical order. */
export const CONFLIST_FILE = '10-warren.conflist';

/** What a runtime loads from its configuration folder. */
const LOADED = /\.(conflist|conf|json)$/;
const CHUNK_BYTES = 1024 * 1024;

/**
 * The configuration list. It declares no capabilities: a pod's own settings come in its annotation, and a runtime that hands us
 * `portMappings` or `bandwidth` would believe that we carry them out.
 */
export function confList(): string {
  const list = {
    cniVersion: CNI_VERSION_NEWEST,
    cniVersions: CNI_VERSIONS,
    name: PLUGIN_NAME,
    disableCheck: false,
    plugins: [{ type: PLUGIN_NAME }],
  };
  return `${JSON.stringify(list, undefined, 2)}\n`;
}

/** Copies the executable `source` to BINDIR/warren. True when it was replaced, false when it was there already. */
export async function installPlugin(source: string, binDir: string): Promise<boolean> {
  const target = join(binDir, PLUGIN_NAME);
  if (await sameContent(source, target)) return false;
  await replace(target, async (staged) => {
    await copyFile(source, staged, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await chmod(staged, 0o755);
  });
  if (!(await sameContent(source, target))) throw new Error(`${target} is not what was just copied there: ${source}`);
  return true;
}

/** Writes CONFDIR/10-warren.conflist. True when it was replaced, false when it was there already. */
export async function installConfList(confDir: string): Promise<boolean> {
  const target = join(confDir, CONFLIST_FILE);
  const text = confList();
  if ((await readIfThere(target)) === text) return false;
  await replace(target, (staged) => writeFile(staged, text, { flag: 'wx', mode: 0o644 }));
  if ((await readIfThere(target)) !== text)
    throw new Error(`${target} is not what was just written: another program writes it too`);
  return true;
}

/** The configuration that the runtime takes in place of ours, if there is one: the first in lexical order wins. */
export async function shadowingConf(confDir: string): Promise<string | undefined> {
  const files = (await readdir(confDir)).filter((file) => LOADED.test(file)).toSorted();
  return files[0] === undefined || files[0] >= CONFLIST_FILE ? undefined : files[0];
}

/**
 * A new file under a name that no runtime loads, fsync, rename: a watcher sees one complete file, and a binary that is being
 * executed is not written to ("text file busy").
 */
async function replace(target: string, write: (staged: string) => Promise<void>): Promise<void> {
  const dir = dirname(target);
  const staged = join(dir, `.${basename(target)}.new`);
  await mkdir(dir, { recursive: true, mode: 0o755 });
  await rm(staged, { force: true });
  try {
    await write(staged);
    await sync(staged);
    await rename(staged, target);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
  await sync(dir);
}

async function sync(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}

const readIfThere = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

/**
 * False when `target` is missing, differs, or cannot be executed. Reading all of it has a second use: it fills the page cache in large
 * pieces, from which a call starts a fifth faster than from what page faults alone would fetch after a boot.
 */
async function sameContent(source: string, target: string): Promise<boolean> {
  await using wanted = await open(source, 'r');
  const found = await open(target, 'r').catch(() => undefined);
  if (found === undefined) return false;
  await using there = found;
  const [from, to] = [await wanted.stat(), await there.stat()];
  if (!to.isFile() || (to.mode & 0o111) !== 0o111 || from.size !== to.size) return false;
  return await sameBytes(wanted, there, from.size);
}

async function sameBytes(a: FileHandle, b: FileHandle, size: number): Promise<boolean> {
  const [left, right] = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)];
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const [one, other] = await Promise.all([a.read(left, 0, CHUNK_BYTES, at), b.read(right, 0, CHUNK_BYTES, at)]);
    if (!left.subarray(0, one.bytesRead).equals(right.subarray(0, other.bytesRead))) return false;
  }
  return true;
}
