/** Runs the plugin's real executable as a container runtime does. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');
export const PLUGIN = join(root, 'dist/bin/warren');

export interface PluginCall {
  readonly env: Readonly<Record<string, string>>;
  /** What is not there yet is waited for by the plugin, which runs already. */
  readonly stdin: string | Uint8Array | Promise<string>;
}

export interface PluginAnswer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CniErrorDocument {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}

/** Builds when there is no executable; `make test-lab` has built already. */
export function ensurePlugin(): void {
  if (existsSync(PLUGIN)) return;
  const run = spawnSync(process.execPath, ['.scripts/build.ts'], { cwd: root, encoding: 'utf8' });
  if (!existsSync(PLUGIN)) throw new Error(`no ${PLUGIN}:\n${run.stdout}${run.stderr}`);
}

/** `argv` runs the plugin, for example inside a node; by default here. */
export function runPlugin(call: PluginCall, argv: readonly string[] = [PLUGIN]): Promise<PluginAnswer> {
  const [program = PLUGIN, ...args] = argv;
  return new Promise((done, failed) => {
    const child = spawn(program, args, { env: { ...call.env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', failed);
    // A plugin that answers before it has read everything closes its end: no fault of the test.
    child.stdin.on('error', () => undefined);
    Promise.resolve(call.stdin).then((stdin) => child.stdin.end(stdin), failed);
    child.on('close', (status) => {
      done({ status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
  });
}

/** What a failed call must answer: a non-zero status and one error document, nothing else on stdout (C2). */
export function errorOf(answer: PluginAnswer): CniErrorDocument {
  if (answer.status === 0) throw new Error(`expected a failure, got success: ${answer.stdout}`);
  const document = JSON.parse(answer.stdout) as CniErrorDocument;
  const keys = Object.keys(document).filter((key) => !['cniVersion', 'code', 'msg', 'details'].includes(key));
  if (keys.length > 0) throw new Error(`an error document with a result beside it: ${answer.stdout}`);
  return document;
}
