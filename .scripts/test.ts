// Runs tiers of tests, file by file: `test.ts TIER... [--only TEXT]`. One line a file, failures in full, and as the last
// line the sums over all leaves: `N passed, N failed, N skipped`.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Conditions, runTestFile, signalRunning } from './test-process.ts';
import type { FileResults } from './test-results.ts';
import { isAllowedSkip, parseAllowedSkips } from './test-skips.ts';
import { tiers, type Tier } from './test-tiers.ts';

const root = resolve(import.meta.dirname, '..');
const allowedSkips = parseAllowedSkips(readFileSync(resolve(root, 'test/allowed-skips.txt'), 'utf8'));
const totals = { passed: 0, failed: 0, skipped: 0 };
const failedFiles: string[] = [];
let interrupted = false;

/** Turns skips that nobody allowed into failures where it counts: in continuous integration. */
function refuseUnlistedSkips(file: string, results: FileResults): void {
  for (const { name, reason } of results.skips) {
    const full = `${file} > ${name} (${reason})`;
    if (isAllowedSkip(full, allowedSkips)) continue;
    if (process.env['CI'] === 'true') results.failures.push({ name, detail: `skip not on the list: ${full}` });
    else console.log(`         skip not on the list: ${full}`);
  }
}

function report(tier: string, file: string, results: FileResults, stderr: string, seconds: number): void {
  const failed = results.failures.length;
  const counts = [`${results.passed} passed`];
  if (failed > 0) counts.push(`${failed} FAILED`);
  if (results.skips.length > 0) counts.push(`${results.skips.length} skipped`);
  console.log(`${tier.padEnd(7)} ${file.padEnd(58)} ${seconds.toFixed(1).padStart(6)} s  ${counts.join(', ')}`);
  for (const { name, detail } of results.failures) console.log(indent(`not ok: ${name}\n${indent(detail)}`));
  if (failed > 0 && stderr !== '') console.log(indent(`stderr of ${file}:\n${indent(stderr.trimEnd())}`));
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ');
}

async function runAndReport(name: string, file: string, conditions: Conditions): Promise<void> {
  const start = performance.now();
  const { results, stderr } = await runTestFile(file, conditions);
  refuseUnlistedSkips(file, results);
  report(name, file, results, stderr, (performance.now() - start) / 1_000);
  totals.passed += results.passed;
  totals.failed += results.failures.length;
  totals.skipped += results.skips.length;
  if (results.failures.length > 0) failedFiles.push(file);
}

async function runTier(name: string, tier: Tier, only: string): Promise<void> {
  const files = globSync(tier.globs, { cwd: root })
    .sort()
    .filter((file) => file.includes(only) && tier.leftOut?.[file] === undefined);
  if (files.length === 0) failTier(name, `has no test file${only === '' ? '' : ` that matches ${only}`}`);
  if (tier.needsRoot && process.getuid?.() !== 0) {
    failTier(name, 'needs root: it makes network namespaces');
    return;
  }
  const environment = environmentOf(name, tier);
  if (environment === undefined) return;
  const conditions = { folder: root, timeoutSeconds: tier.fileTimeoutSeconds, environment };
  const queue = files.values();
  const worker = async (): Promise<void> => {
    for (const file of queue) {
      if (interrupted) return;
      await runAndReport(name, file, conditions);
    }
  };
  await Promise.all(Array.from({ length: tier.jobs }, worker));
}

function environmentOf(name: string, tier: Tier): Readonly<Record<string, string>> | undefined {
  try {
    return tier.environment?.() ?? {};
  } catch (error) {
    failTier(name, `cannot start: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function failTier(name: string, why: string): void {
  console.log(`${name.padEnd(7)} FAILED: this tier ${why}`);
  totals.failed += 1;
}

function stopOn(signal: NodeJS.Signals): void {
  process.on(signal, () => {
    interrupted = true;
    totals.failed += 1;
    signalRunning(signal);
  });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } });
  const unknown = positionals.filter((name) => !(name in tiers));
  if (unknown.length > 0 || positionals.length === 0) {
    throw new Error(`unknown tier ${unknown.join(' ')}: name one or more of ${Object.keys(tiers).join(', ')}`);
  }
  if (!existsSync(resolve(root, 'node_modules'))) throw new Error('node_modules is missing: run make setup');
  stopOn('SIGINT');
  stopOn('SIGTERM');
  for (const name of positionals) {
    const tier = tiers[name];
    if (tier !== undefined && !interrupted) await runTier(name, tier, values.only ?? '');
  }
  if (failedFiles.length > 0) console.log(`\nFailed:\n${indent(failedFiles.join('\n'))}`);
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  if (totals.failed > 0) process.exitCode = 1;
}

await main();
