/** Finds processes by where they are, not by their names: by namespace, and by the lab's mark in their environment. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseMountinfo } from './mountinfo.ts';
import { LAB_MARK, type ProcessId, startTimeOf } from './process.ts';

export interface FoundProcess extends ProcessId {
  /** Its program, for a person. */
  readonly command: string;
}

/**
 * Processes in one of the namespaces (as /proc/PID/ns shows them: `net:[4026532178]`) or with the lab's id in their
 * environment. The machine's own namespaces never count, and this process neither.
 */
export async function findProcesses(
  namespaces: readonly string[],
  id: string | undefined,
): Promise<readonly FoundProcess[]> {
  const own = await namespacesOf(process.pid);
  const wanted = new Set(namespaces.filter((namespace) => !own.includes(namespace)));
  const found = await Promise.all((await allPids()).map((pid) => inspect(pid, wanted, id)));
  return found.filter((process) => process !== undefined);
}

/** Whether this very process, or one that it descends from, would be found. */
export async function isSelfInside(namespaces: readonly string[], id: string | undefined): Promise<boolean> {
  for (const pid of await ancestorsOf(process.pid)) {
    const isThere = (await namespacesOf(pid)).some((namespace) => namespaces.includes(namespace));
    if (isThere || (await isMarked(pid, id))) return true;
  }
  return false;
}

/**
 * Who refers to the namespaces, in words: each process that is in one, and each that has one mounted somewhere. What two calls
 * say of the same process and the same reference is equal.
 */
export async function findReferences(namespaces: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all((await allPids()).map((pid) => referencesOf(pid, namespaces)));
  return found.flat();
}

async function referencesOf(pid: number, namespaces: readonly string[]): Promise<readonly string[]> {
  const startTime = await startTimeOf(pid);
  if (startTime === undefined) return [];
  const who = `process ${pid} started at ${startTime}`;
  const mounts = parseMountinfo(await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => ''));
  return [
    ...(await namespacesOf(pid)).filter((each) => namespaces.includes(each)).map((each) => `${who} is in ${each}`),
    ...mounts
      .filter(({ root }) => namespaces.includes(root))
      .map(({ root, target }) => `${who} has ${root} on ${target}`),
  ];
}

const allPids = async (): Promise<readonly number[]> =>
  (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);

async function inspect(
  pid: number,
  namespaces: ReadonlySet<string>,
  id: string | undefined,
): Promise<FoundProcess | undefined> {
  if (pid === process.pid) return undefined;
  const startTime = await startTimeOf(pid);
  if (startTime === undefined) return undefined;
  const isInside = (await namespacesOf(pid)).some((namespace) => namespaces.has(namespace));
  if (!isInside && !(await isMarked(pid, id))) return undefined;
  return { pid, startTime, command: await commandOf(pid) };
}

/** Programs and arguments without their folders and flags: enough to know it by. */
async function commandOf(pid: number): Promise<string> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  const shown = words.filter((word) => word !== '' && !word.startsWith('-')).map((word) => basename(word));
  return shown.join(' ').slice(0, 60);
}

async function isMarked(pid: number, id: string | undefined): Promise<boolean> {
  if (id === undefined) return false;
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  return environment.split('\0').includes(`${LAB_MARK}=${id}`);
}

async function namespacesOf(pid: number): Promise<readonly string[]> {
  const links = await Promise.all(['net', 'mnt'].map((kind) => readlink(`/proc/${pid}/ns/${kind}`).catch(() => '')));
  return links.filter((link) => link !== '');
}

/** The process and its parents, up to the first one. */
async function ancestorsOf(pid: number): Promise<readonly number[]> {
  const chain: number[] = [];
  for (let at = pid; at > 0;) {
    chain.push(at);
    const stat = await readFile(`/proc/${at}/stat`, 'utf8').catch(() => '');
    at = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
  }
  return chain;
}
