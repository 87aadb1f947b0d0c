// Builds dist/: three bundles with their launchers, the CNI binary, and what they need at run time.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build, type BuildOptions } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');

interface Program {
  readonly name: string;
  readonly entry: string;
  /** What the launcher passes to node before the bundle. */
  readonly nodeFlags: readonly string[];
}

/**
 * Keeps V8 from growing the heap before it collects. Measured with 1,000 peers: 122 MB resident instead of 144, at the same CPU time
 * for an ADD; `--optimize-for-size` gives 115 MB and costs a third more CPU time.
 */
const smallHeap = ['--max-semi-space-size=2', '--heap-growing-percent=10'];

/**
 * There are two controllers in a cluster, not one on each node, and theirs grow with it. Measured with 1,000 networks: 3.3 ms of CPU
 * time for each new one instead of 4.4, and 24 MB more.
 */
const roomyHeap = ['--max-semi-space-size=8'];

const bundled: readonly Program[] = [
  { name: 'warren-agent', entry: 'cmd/agent/main.ts', nodeFlags: smallHeap },
  { name: 'warren-controller', entry: 'cmd/controller/main.ts', nodeFlags: roomyHeap },
  { name: 'warrenctl', entry: 'cmd/ctl/main.ts', nodeFlags: [] },
];
const cni = { name: 'warren', entry: 'cmd/cni/main.ts' } as const;

/** Packages in the bundle are partly CommonJS: they need `require` and the two path names of that world. */
const commonJsBanner = `import { createRequire as warrenCreateRequire } from 'node:module';
const require = warrenCreateRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`;

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  external: ['koffi'],
  logLevel: 'warning',
};

async function bundleProgram(program: Program): Promise<void> {
  await build({
    ...shared,
    entryPoints: [program.entry],
    outfile: join(dist, 'lib', `${program.name}.mjs`),
    sourcemap: true,
    banner: { js: commonJsBanner },
  });
  writeAtomically(join(dist, 'bin', program.name), launcherOf(program), 0o755);
}

/**
 * A launcher finds its own directory through symlinks, so it runs from anywhere and under any name. It does not turn on source
 * maps, which cost an agent 70 MB (set NODE_OPTIONS=--enable-source-maps to read a stack); one malloc arena saves another 4.
 */
function launcherOf(program: Program): string {
  const flags = program.nodeFlags.join(' ');
  return `#!/bin/sh
# ${program.name}: runs its bundle on the Node that lies beside it.
here=$(dirname -- "$(readlink -f -- "$0")")
export MALLOC_ARENA_MAX="\${MALLOC_ARENA_MAX:-1}"
# One thread waits for kernel notifications, and the kernel holds one for 15 ms with each link that it deletes.
export UV_THREADPOOL_SIZE="\${UV_THREADPOOL_SIZE:-16}"
export WARREN_INVOKED_AS="$0"
exec "$here/../lib/node" ${flags} "$here/../lib/${program.name}.mjs" "$@"
`;
}

/** kubectl runs `kubectl warren` as the first, and completes its words by the second; help and errors follow the name. */
function placePlugin(): void {
  for (const name of ['kubectl-warren', 'kubectl_complete-warren']) {
    const staged = stagedPath(join(dist, 'bin', name));
    symlinkSync('warrenctl', staged);
    renameSync(staged, join(dist, 'bin', name));
  }
}

/** The Node that runs this build is the one that runs the programs: a hard link where the file system allows it. */
function placeNode(): void {
  const target = join(dist, 'lib', 'node');
  if (isSameFile(target, process.execPath)) return;
  const staged = stagedPath(target);
  try {
    linkSync(process.execPath, staged);
  } catch {
    copyFileSync(process.execPath, staged);
  }
  renameSync(staged, target);
}

/** rename(2) of one hard link over another does nothing, so it must not come to that. */
function isSameFile(a: string, b: string): boolean {
  const [first, second] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }));
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
}

/** koffi is the one package that is not bundled, because of its native part: glibc and musl, of this architecture. */
function placeKoffi(): void {
  const platform = `@koromix/koffi-linux-${process.arch}`;
  for (const name of ['koffi', platform]) {
    const from = join(root, 'node_modules', name);
    if (!existsSync(from)) throw new Error(`${name} is not in node_modules: Warren runs on linux x64 and arm64`);
    cpSync(from, join(dist, 'node_modules', name), { recursive: true, filter: neededAtRunTime });
  }
}

function neededAtRunTime(path: string): boolean {
  return !/\/koffi\/(doc|vendor|lib|src\/koffi\/src\/(?!static)|.*\.md$)/.test(path);
}

/** A hash over what goes into the CNI binary; Bun's compile takes seconds, so an unchanged hash skips it. */
async function cniFingerprint(flags: readonly string[]): Promise<string> {
  const result = await build({ ...shared, entryPoints: [cni.entry], external: ['bun:*'], write: false, outdir: dist });
  const hash = createHash('sha256').update(flags.join(' ')).update(readFileSync(bunPackage()));
  for (const file of result.outputFiles) hash.update(file.contents);
  return hash.digest('hex');
}

function bunPackage(): string {
  return join(root, 'node_modules', 'bun', 'package.json');
}

async function compileCni(): Promise<string> {
  const target = join(dist, 'bin', cni.name);
  const stamp = join(dist, '.cni-fingerprint');
  const noAutoload = ['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'];
  const flags = ['build', '--compile', '--minify', '--bytecode', ...noAutoload];
  const fingerprint = await cniFingerprint(flags);
  if (existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return 'up to date';
  // Compiled beside the target and renamed: a binary that is being executed cannot be written to.
  const staged = stagedPath(target);
  const bun = join(root, 'node_modules', '.bin', 'bun');
  const run = spawnSync(bun, [...flags, join(root, cni.entry), '--outfile', staged], { cwd: dist, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`bun build of ${cni.entry} failed:\n${run.stdout}${run.stderr}`);
  chmodSync(staged, 0o755);
  renameSync(staged, target);
  writeAtomically(stamp, fingerprint, 0o644);
  return 'compiled';
}

function placeManifests(): void {
  rmSync(join(dist, 'deploy'), { recursive: true, force: true });
  cpSync(join(root, 'deploy'), join(dist, 'deploy'), { recursive: true });
}

function writeAtomically(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(stagedPath(path), text, { mode });
  renameSync(stagedPath(path), path);
}

/** Where a file is written before it is renamed into place; two builds at a time do not meet. */
function stagedPath(path: string): string {
  return `${path}.${String(process.pid)}.new`;
}

/** Runs a step, prints how long it took with the note it returns, and says whether it succeeded: one broken program does not hide another. */
async function step(name: string, action: () => unknown): Promise<boolean> {
  const start = performance.now();
  try {
    const note = await action();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`build  ${name.padEnd(18)} ${seconds} s${typeof note === 'string' ? `  ${note}` : ''}`);
    return true;
  } catch (error) {
    console.error(`build  ${name.padEnd(18)} FAILED: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

function requireEntry(entry: string): void {
  if (!existsSync(join(root, entry))) throw new Error(`${entry} does not exist yet`);
}

async function main(): Promise<void> {
  mkdirSync(join(dist, 'bin'), { recursive: true });
  mkdirSync(join(dist, 'lib'), { recursive: true });
  const programs = bundled.map((program) =>
    step(program.name, async () => {
      requireEntry(program.entry);
      await bundleProgram(program);
    }),
  );
  const outcomes = await Promise.all([
    ...programs,
    step('node, koffi', () => {
      placeNode();
      placeKoffi();
    }),
    step('deploy', placeManifests),
    step('kubectl-warren', placePlugin),
    step(cni.name, () => {
      requireEntry(cni.entry);
      return compileCni();
    }),
  ]);
  if (outcomes.includes(false)) process.exitCode = 1;
}

await main();
