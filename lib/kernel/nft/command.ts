/** Runs nft(8). Its input goes by a file in memory, so a crash leaves nothing behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, writeFileSync } from 'node:fs';
import type { NftJson } from '../../dataplane/nft.ts';
import { checked } from '../error.ts';
import { memfd_create } from '../libc.ts';
import type { RunInNetns } from './contract.ts';

const TIMEOUT_MS = 10_000;
const MFD_CLOEXEC = 1;
const OUTPUT_LIMIT = 64 << 20;
/** Older ones have no concatenations with `ifname` in JSON. */
const MIN_VERSION = [1, 0, 0] as const;

/** nft is missing, too old, or refused what it was given. */
export class NftError extends Error {
  override readonly name = 'NftError';
}

type Stdin = number | 'ignore';
interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs in the namespace that `run` enters. Rejects with NftError, in nft's words; `what` follows "cannot". */
export interface Nft {
  /** `nft -j -f FILE` with the document as the file: one transaction. */
  file(what: string, document: NftJson, run: RunInNetns): Promise<void>;
  /** `nft -j list table FAMILY NAME`: what it prints. */
  list(family: string, name: string, run: RunInNetns): Promise<string>;
}

export function createNft(binary: string): Nft {
  const succeed = async (what: string, args: readonly string[], stdin: Stdin, run: RunInNetns): Promise<string> => {
    const { code, stdout, stderr } = await start(binary, args, stdin, run);
    if (code === 0) return stdout;
    const { stdout: version } = await start(binary, ['--version'], 'ignore', run);
    throw new NftError(`cannot ${what}: ${versionComplaint(version) ?? reason(code, stderr)}`);
  };
  return {
    file: async (what, document, run) => {
      const file = memoryFile(JSON.stringify(document));
      try {
        await succeed(what, ['-j', '-f', '/dev/stdin'], file, run);
      } finally {
        closeSync(file);
      }
    },
    list: (family, name, run) =>
      succeed(`list nftables table ${family} ${name}`, ['-j', 'list', 'table', family, name], 'ignore', run),
  };
}

/** A file in memory: nobody else can open it, and it vanishes with its descriptor. nft cannot read a pipe of Node's, which is a socket. */
function memoryFile(text: string): number {
  const fd = checked('make a file in memory', memfd_create('warren-nft', MFD_CLOEXEC));
  writeFileSync(fd, text);
  return fd;
}

/** The first lines are the message; what follows repeats our own input. */
function reason(code: number | null, stderr: string): string {
  const text = stderr.trim().split('\n').slice(0, 2).join(' ').slice(0, 400);
  if (text !== '') return text;
  return code === null ? `nft did not end within ${TIMEOUT_MS / 1000} s` : `nft ended with status ${code}`;
}

function versionComplaint(output: string): string | undefined {
  const version = /v(\d+)\.(\d+)\.(\d+)/.exec(output)?.slice(1).map(Number) ?? [];
  const [major = 0, minor = 0] = version;
  if (major > MIN_VERSION[0] || (major === MIN_VERSION[0] && minor >= MIN_VERSION[1])) return undefined;
  const name = version.length > 0 ? `nft ${version.join('.')}` : 'nft of an unknown version';
  return `${name} is too old: install the package "nftables" in version ${MIN_VERSION.join('.')} or later`;
}

/** The child is forked inside the namespace and stays there; the main thread is back before anything asynchronous begins. */
function start(binary: string, args: readonly string[], stdin: Stdin, run: RunInNetns): Promise<Exit> {
  return new Promise((resolve, reject) => {
    const child = run(() =>
      spawn(binary, args, {
        stdio: [stdin, 'pipe', 'pipe'],
        env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`, LC_ALL: 'C' },
        timeout: TIMEOUT_MS,
        killSignal: 'SIGKILL',
      }),
    );
    child.once('error', (cause) => {
      reject(new NftError(`cannot run ${binary}: install the package "nftables" (${cause.message})`, { cause }));
    });
    collect(child, resolve);
  });
}

function collect(child: ChildProcess, done: (exit: Exit) => void): void {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      if (output[name].length < OUTPUT_LIMIT) output[name] += text;
      else child.kill('SIGKILL');
    });
  }
  child.once('close', (code) => {
    done({ code, ...output });
  });
}
