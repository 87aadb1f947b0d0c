/** The lab's background processes: each in a session of its own, with a log file, and a pid file that no stranger can match. */
import { spawn } from 'node:child_process';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { parseWith } from '../api/field.ts';
import { parseJson } from './json-text.ts';
import type { LabLayout } from './layout.ts';

/** A process number alone is reused; with the time of its start (clock ticks since boot) it is unique. */
export interface ProcessId {
  readonly pid: number;
  readonly startTime: string;
}
const processIdSchema = z.object({ pid: z.number().int().positive(), startTime: z.string() });

/** In the environment of every process of a lab, and of all that those start: how `down` finds what has no pid file. */
export const LAB_MARK = 'WARREN_LAB_ID';

export interface ProcessSpec {
  /** Names the pid file and the log: `agent-n1`. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Starts it detached, its output appended to its log. */
export async function startProcess(layout: LabLayout, spec: ProcessSpec): Promise<ProcessId> {
  const log = await open(layout.log(spec.name), 'a', 0o600);
  try {
    const [file = '', ...rest] = spec.argv;
    const child = spawn(file, rest, { detached: true, stdio: ['ignore', log.fd, log.fd], env: spec.env });
    const { promise: spawned, resolve, reject } = Promise.withResolvers<void>();
    child.once('spawn', resolve);
    child.once('error', reject);
    await spawned;
    child.unref();
    const id = { pid: child.pid ?? 0, startTime: (await startTimeOf(child.pid ?? 0)) ?? '' };
    await writeFile(pidFile(layout, spec.name), JSON.stringify(id), { mode: 0o600 });
    return id;
  } finally {
    await log.close();
  }
}

const pidFile = (layout: LabLayout, name: string): string => join(layout.pids, `${name}.json`);

/** The process of that name, when it runs. */
export async function runningProcess(layout: LabLayout, name: string): Promise<ProcessId | undefined> {
  const text = await readFile(pidFile(layout, name), 'utf8').catch(() => undefined);
  const id = text === undefined ? undefined : parseWith(processIdSchema, parseJson(text));
  return id?.ok && (await isRunning(id.value)) ? id.value : undefined;
}

export const isRunning = async (id: ProcessId): Promise<boolean> => (await startTimeOf(id.pid)) === id.startTime;

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)); undefined when there is no such process or only its zombie. */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name in parentheses and may hold anything.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === undefined || state === '' || state === 'Z' || state === 'X' ? undefined : rest[18];
}

/** Asks it to end (SIGTERM), after `patience` milliseconds makes it (SIGKILL). Resolves when it is gone. */
export async function stopProcess(id: ProcessId, patience = 5000): Promise<void> {
  await signalProcess(id, 'SIGTERM');
  if (await isGoneWithin(id, patience)) return;
  await signalProcess(id, 'SIGKILL');
  await isGoneWithin(id, 5000);
}

/** Ends it without giving it a chance to clean up: a crash. */
export async function killProcess(id: ProcessId): Promise<void> {
  await signalProcess(id, 'SIGKILL');
  await isGoneWithin(id, 5000);
}

async function signalProcess(id: ProcessId, signal: NodeJS.Signals): Promise<void> {
  if (!(await isRunning(id))) return;
  try {
    process.kill(id.pid, signal);
  } catch {
    // It ended in between.
  }
}

async function isGoneWithin(id: ProcessId, milliseconds: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (await isRunning(id)) {
    if (performance.now() > deadline) return false;
    await sleep(10);
  }
  return true;
}

export const forgetProcess = (layout: LabLayout, name: string): Promise<void> =>
  rm(pidFile(layout, name), { force: true });

/** The last lines of its log: what a person wants to see when it did not come up. */
export async function logTail(layout: LabLayout, name: string, lines = 10): Promise<string> {
  const text = await readFile(layout.log(name), 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
