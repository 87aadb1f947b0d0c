/**
 * Builds a real Kubernetes into `.cache/kube-…` (assets.ts): what is missing of it, so that a second run does nothing. Four minutes on
 * two cores the first time. Prints the folder, for `KUBEBUILDER_ASSETS`. Two at once: the second waits for the first.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockDirectory } from '../../lib/store/lock.ts';
import { assetsFolder, type GoModule, modules, pinnedVersion } from './assets.ts';
import { findGo, goEnvironment } from './go-toolchain.ts';

const LAST_WORDS = 20;
const REPORT_MS = 15_000;
const startedAt = performance.now();
const progress = (text: string): void =>
  void process.stderr.write(`cluster: ${((performance.now() - startedAt) / 1000).toFixed(0).padStart(3)} s  ${text}\n`);

async function main(): Promise<void> {
  const folder = assetsFolder();
  if (modules.some((module) => missing(module, folder).length > 0)) await withLock(folder, () => buildAll(folder));
  console.log(folder);
}

const missing = ({ programs }: GoModule, folder: string): string[] =>
  Object.keys(programs).filter((name) => !existsSync(join(folder, name)));

/** The kernel frees the lock however we end. */
async function withLock(folder: string, work: () => Promise<void>): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (let told = false; ; told = true) {
    const lock = lockDirectory(folder);
    if (lock.ok) {
      await work();
      lock.value();
      return;
    }
    if (!told) progress(`another build writes to ${folder}: waiting for it`);
    await sleep(1000);
  }
}

async function buildAll(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) if (name.startsWith(PART)) rmSync(join(folder, name), { recursive: true });
  for (const module of modules) {
    const names = missing(module, folder);
    if (names.length > 0) await buildModule(module, names, folder);
  }
}

/** Prefix of a folder that holds what is not complete yet. */
const PART = '.part-';

async function buildModule(module: GoModule, names: readonly string[], folder: string): Promise<void> {
  const go = await findGo(module.folder, progress);
  const version = pinnedVersion(module);
  progress(`building ${names.join(', ')} ${version}`);
  const part = mkdtempSync(join(folder, PART));
  for (const name of names) {
    const flags = ['-trimpath', '-v', '-ldflags', linkerFlags(module, version), '-o', join(part, name)];
    await runGo(go, ['build', ...flags, module.programs[name] ?? ''], module.folder);
    renameSync(join(part, name), join(folder, name));
    progress(`built ${name}`);
  }
  rmSync(part, { recursive: true });
}

/** Without symbols; Kubernetes learns its version from the linker. */
function linkerFlags({ versionOf }: GoModule, version: string): string {
  if (versionOf !== 'k8s.io/kubernetes') return '-s -w';
  const [major = '', minor = ''] = version.slice(1).split('.');
  const base = 'k8s.io/component-base/version';
  const values = { [`${base}.gitVersion`]: version, [`${base}.gitMajor`]: major, [`${base}.gitMinor`]: minor };
  return ['-s', '-w', ...Object.entries(values).flatMap(([name, value]) => ['-X', `${name}=${value}`])].join(' ');
}

/** Tells every few seconds how far it is. Throws with the last lines of output when Go fails. */
async function runGo(go: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(go, args, { cwd, env: goEnvironment(), stdio: ['ignore', 'inherit', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => lines.push(line));
  const report = setInterval(() => progress(countText(lines)), REPORT_MS);
  const [code] = await ended.finally(() => clearInterval(report));
  if (code !== 0) throw new Error(`go ${args.join(' ')} failed in ${cwd}:\n${lines.slice(-LAST_WORDS).join('\n')}`);
}

function countText(lines: readonly string[]): string {
  const downloads = lines.filter((line) => line.startsWith('go: downloading')).length;
  return `${downloads} modules fetched, ${lines.length - downloads} packages compiled`;
}

await main().catch((error: unknown) => {
  progress(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
