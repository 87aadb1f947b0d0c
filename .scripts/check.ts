// Types, lint, format and import rules, side by side; prints what failed in full and one line for each.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const tool = (path: string) => resolve(root, 'node_modules', path);

/** Longest first: lint decides how long the whole takes. */
const checks: Readonly<Record<string, readonly string[]>> = {
  lint: [tool('eslint/bin/eslint.js'), '--config', '.eslint.config.js', '--max-warnings', '0', '.'],
  types: [tool('typescript/bin/tsc'), '-p', '.'],
  format: [tool('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'],
  rules: ['test/architecture.test.ts'],
};

interface Outcome {
  readonly passed: boolean;
  readonly output: string;
}

function run(args: readonly string[]): Promise<Outcome> {
  const { promise, resolve: settle } = Promise.withResolvers<Outcome>();
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', (code) => {
    settle({ passed: code === 0, output: Buffer.concat(chunks).toString() });
  });
  return promise;
}

async function check(name: string, args: readonly string[]): Promise<boolean> {
  const start = performance.now();
  const { passed, output } = await run(args);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (!passed) process.stdout.write(output);
  console.log(`check  ${name.padEnd(8)} ${passed ? 'ok' : 'FAILED'}  ${seconds} s`);
  return passed;
}

const outcomes = await Promise.all(Object.entries(checks).map(([name, args]) => check(name, args)));
if (outcomes.includes(false)) process.exitCode = 1;
