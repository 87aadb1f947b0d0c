// Runs one test file in a process group of its own, so that a timeout or an interrupt takes its children too.
import { spawn, type ChildProcess } from 'node:child_process';
import { collectResults, type FileResults } from './test-results.ts';

export interface Finished {
  readonly results: FileResults;
  readonly stderr: string;
}

/** How long a file that was told to stop has to clean up, and how long what it left may keep its output open. */
const GRACE_MILLISECONDS = 5_000;
const running = new Set<ChildProcess>();

/** How a file is run. */
export interface Conditions {
  readonly folder: string;
  readonly timeoutSeconds: number;
  /** Besides our own environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export function runTestFile(file: string, { folder, timeoutSeconds, environment }: Conditions): Promise<Finished> {
  const { promise, resolve } = Promise.withResolvers<Finished>();
  const { parser, results } = collectResults();
  const env = { ...process.env, ...environment, TAP_TIMEOUT: String(timeoutSeconds) };
  const child = spawn(process.execPath, [file], {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const stopTimers = watchTime(child, timeoutSeconds, () => {
    results.failures.push({ name: file, detail: `not done after ${timeoutSeconds} s: killed` });
  });
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => parser.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.on('close', (code, signal) => {
    stopTimers();
    running.delete(child);
    parser.end();
    addExitFailure(file, results, code, signal);
    resolve({ results, stderr: Buffer.concat(stderr).toString() });
  });
  return promise;
}

/** Passes a signal to every file that runs. */
export function signalRunning(signal: NodeJS.Signals): void {
  for (const child of running) signalGroup(child, signal);
}

/** tap has the same limit and says more about what hangs: ours comes a little later. */
function watchTime(child: ChildProcess, timeoutSeconds: number, onTimeout: () => void): () => void {
  const timers: NodeJS.Timeout[] = [];
  const after = (milliseconds: number, action: () => void): number => timers.push(setTimeout(action, milliseconds));
  after(timeoutSeconds * 1_000 + GRACE_MILLISECONDS, () => {
    onTimeout();
    signalGroup(child, 'SIGTERM');
    after(GRACE_MILLISECONDS, () => {
      signalGroup(child, 'SIGKILL');
    });
  });
  // A process that outlives the test may hold its output open for ever.
  child.on('exit', () =>
    after(GRACE_MILLISECONDS, () => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }),
  );
  return () => {
    timers.forEach(clearTimeout);
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** A file that dies, or says nothing, has failed even when every test point that it printed was good. */
function addExitFailure(file: string, results: FileResults, code: number | null, signal: string | null): void {
  if (results.failures.length > 0) return;
  const seen = results.passed + results.skips.length;
  if (code !== 0) results.failures.push({ name: file, detail: `exited with ${signal ?? String(code)}` });
  else if (seen === 0) results.failures.push({ name: file, detail: 'holds no test' });
}
