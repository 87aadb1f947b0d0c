// The controller as it is deployed, in a process of its own: what it costs, and how far it is.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../lib/lab/free-port.ts';
import { findPrograms } from '../../lib/lab/programs.ts';
import { eventually } from '../../lib/lab/wait.ts';

/** The kernel's clock tick, 1/100 s on every platform that we know. */
const MS_PER_TICK = 10;
const READY_MS = 120_000;

export interface ScaleController extends AsyncDisposable {
  /** Milliseconds on a CPU since it started, in user space and in the kernel. */
  cpuMs(): Promise<number>;
  /** Now and at most, in units of 1,000,000 bytes. */
  residentMegabytes(): Promise<{ readonly now: number; readonly most: number }>;
  /** How many Networks it has brought to where they should be, each time counted. */
  networksDone(): Promise<number>;
}

/** Resolves when it is ready: it has listed everything. */
export async function startScaleController(kubeconfig: string): Promise<ScaleController> {
  await using cleanup = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'warren-scale-'));
  cleanup.defer(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'kubeconfig');
  await writeFile(file, kubeconfig, { mode: 0o600 });
  const port = await freePort();
  const flags = ['--kubeconfig', file, '--health-address', `127.0.0.1:${port}`, '--log-level', 'error'];
  const child = spawn(findPrograms().controller, flags, { stdio: ['ignore', 'inherit', 'inherit'] });
  cleanup.defer(() => stop(child));
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`the controller ended with ${child.exitCode}`);
    const { status } = await ask('/readyz');
    if (status !== 200) throw new Error(`the controller is not ready: ${status}`);
  }, READY_MS);
  const owned = cleanup.move();
  return {
    cpuMs: () => cpuMs(child.pid),
    residentMegabytes: () => residentMegabytes(child.pid),
    networksDone: async () => doneIn(await (await ask('/metrics')).text()),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** proc(5): fields 14 and 15 of stat, counted after the name in parentheses. */
async function cpuMs(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

async function residentMegabytes(pid: number | undefined): Promise<{ readonly now: number; readonly most: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number =>
    (Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024) / 1e6;
  return { now: field('VmRSS'), most: field('VmHWM') };
}

const DONE = /^warren_controller_reconcile_seconds_count\{kind="network",outcome="success"\} (\d+)$/m;
const doneIn = (metrics: string): number => Number(DONE.exec(metrics)?.[1] ?? 0);
