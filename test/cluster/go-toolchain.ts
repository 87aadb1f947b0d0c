/**
 * Finds a Go that is new enough for test/cluster's modules. Where the machine has only an older one (Debian 12: 1.19), that one fetches
 * the Go that go.mod names as `toolchain`: Go releases are Go modules too, checked against the checksum database like any other.
 */
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { runCommand } from '../../lib/lab/command.ts';

/** What go.mod says: `1.26.0` is the least that will do, `1.26.8` the one to fetch. */
export interface GoPin {
  readonly least: string;
  readonly toolchain: string;
}

/** Throws when the text pins no Go. */
export function goPin(goMod: string): GoPin {
  const least = /^go (\S+)$/m.exec(goMod)?.[1];
  const toolchain = /^toolchain go(\S+)$/m.exec(goMod)?.[1];
  if (least === undefined || toolchain === undefined) throw new Error('go.mod has no go line or no toolchain line');
  return { least, toolchain };
}

/** Whether `go1.26.8`, as `go env GOVERSION` has it, is at least `1.26.0`. Release candidates and development versions count as their number. */
export function isAtLeast(version: string, least: string): boolean {
  const [have, want] = [numbers(version), numbers(least)];
  const differing = want.findIndex((number, i) => number !== (have[i] ?? 0));
  return differing === -1 || (have[differing] ?? 0) > (want[differing] ?? 0);
}

const numbers = (version: string): number[] =>
  (/(\d+)\.(\d+)(?:\.(\d+))?/.exec(version) ?? []).slice(1).map((part) => Number(part || 0));

/** The environment for every call of Go: neither the machine's workspace nor its flags change what is built. Where modules come from stays its setting. */
export function goEnvironment(): NodeJS.ProcessEnv {
  const { GOROOT: _root, ...rest } = process.env;
  return { ...rest, GOFLAGS: '-mod=readonly', GOWORK: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' };
}

/** Where Go is when it is not on the PATH: its own installer's place, and Debian's. */
const CANDIDATES = ['go', '/usr/local/go/bin/go', '/usr/lib/go/bin/go'];
const DOWNLOAD_MS = 600_000;

/** The path of a `go` that can build the module in `folder`. Throws when there is none and none can be fetched. */
export async function findGo(folder: string, progress: (text: string) => void): Promise<string> {
  const { least, toolchain } = goPin(readFileSync(join(folder, 'go.mod'), 'utf8'));
  const found: string[] = [];
  for (const go of CANDIDATES) {
    const version = await goVersion(go);
    if (version === undefined) continue;
    if (isAtLeast(version, least)) return go;
    found.push(go);
  }
  const [old] = found;
  if (old === undefined) throw new Error('Go is missing. Install it first: apt-get install golang-go');
  progress(`fetching Go ${toolchain}: this machine's is older than ${least}`);
  return fetchToolchain(old, toolchain);
}

/** `go1.26.8`; undefined when the program cannot be run. */
async function goVersion(go: string): Promise<string | undefined> {
  const done = await runCommand([go, 'env', 'GOVERSION'], { env: goEnvironment() }).catch(() => undefined);
  return done?.status === 0 ? done.stdout.trim() : undefined;
}

const downloadSchema = z.object({ Dir: z.string().optional(), Error: z.string().optional() });
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

async function fetchToolchain(go: string, version: string): Promise<string> {
  const module = `golang.org/toolchain@v0.0.1-go${version}.linux-${ARCHITECTURES[process.arch] ?? process.arch}`;
  const argv = [go, 'mod', 'download', '-json', module];
  const done = await runCommand(argv, { env: { ...goEnvironment(), GOFLAGS: '' }, timeout: DOWNLOAD_MS });
  const { Dir, Error: problem = done.stderr } = downloadSchema.parse(JSON.parse(done.stdout || '{}'));
  if (Dir === undefined) {
    const next = 'check how this machine reaches Go modules (go env GOPROXY), or install a newer Go';
    throw new Error(`cannot fetch ${module}: ${problem.trim()}; ${next}`);
  }
  // An old Go drops the mode bits of a module's files; a new one repairs them in a toolchain as we do.
  for (const folder of [join(Dir, 'bin'), ...toolFolders(Dir)])
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o755);
  return join(Dir, 'bin', 'go');
}

const toolFolders = (root: string): string[] =>
  readdirSync(join(root, 'pkg', 'tool')).map((name) => join(root, 'pkg', 'tool', name));
