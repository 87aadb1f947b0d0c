/** Runs one program to its end and collects what it wrote. No shell: arguments are a list. */
import { spawn } from 'node:child_process';
import { exitStatus } from './exit-status.ts';

export interface Finished {
  /** Exit status, or 128 + the signal's number, as a shell has it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  /** Killed with SIGKILL after this many milliseconds (default 60,000). */
  readonly timeout?: number;
}

/** Rejects only when the program cannot be started. */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  const { promise, resolve, reject } = Promise.withResolvers<Finished>();
  const [file = '', ...rest] = argv;
  const child = spawn(file, rest, { env: options.env });
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeout ?? 60_000);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  // A program that exits without reading its input is no failure of ours: its status says what happened.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  child.on('error', reject);
  child.on('close', (code, signal) => {
    const [stdout, stderr] = [String(Buffer.concat(out)), String(Buffer.concat(err))];
    resolve({ status: exitStatus(code, signal), stdout, stderr });
  });
  void promise.finally(() => clearTimeout(timer)).catch(() => undefined);
  return promise;
}

/** The standard output; an Error with the program's own words when it fails. */
export async function commandOutput(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const done = await runCommand(argv, options);
  if (done.status === 0) return done.stdout;
  throw new Error(`${argv.join(' ')}: exit status ${done.status}: ${done.stderr.trim() || done.stdout.trim()}`);
}
