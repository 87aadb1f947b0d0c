/**
 * Entering network namespaces. Only the main thread moves, and only for synchronous work: a thread or an asynchronous
 * operation that begins while it is inside would stay there for ever.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import type { NetnsRef } from '../../dataplane/object.ts';
import { KernelError, checked } from '../error.ts';
import { lastErrno, setns, unshare } from '../libc.ts';

export const CLONE_NEWNET = 0x40000000;

/** The namespace that the process was started in, which is 'host'. */
const home = openSync('/proc/self/ns/net', 'r');

/** A process whose main thread is lost in a foreign namespace must not go on: whatever it did would hit the wrong one. */
function goHome(): void {
  if (setns(home, CLONE_NEWNET) === 0) return;
  process.stderr.write(`${new KernelError('return to the own network namespace', lastErrno()).message}\n`);
  process.abort();
}

/** An open file of a namespace, to enter it or to hand it to the kernel. It keeps the namespace alive. */
export interface NetnsFile extends Disposable {
  readonly fd: number;
}

/** There is no namespace at a path: nothing is there (ENOENT and the like), or something else is (EINVAL). */
export class NoNetnsError extends KernelError {
  override readonly name = 'NoNetnsError';
}

const EINVAL = 22;
const ABSENT: readonly number[] = [
  EINVAL,
  osConstants.errno.ENOENT,
  osConstants.errno.ENOTDIR,
  osConstants.errno.ELOOP,
  osConstants.errno.ENAMETOOLONG,
  osConstants.errno.ENXIO,
];

/** Throws NoNetnsError, and KernelError. */
export function openNetns(netns: NetnsRef): NetnsFile {
  if (netns === 'host') return { fd: home, [Symbol.dispose]: () => undefined };
  const fd = openFile(netns);
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}

/** Callers may hand us any path: without O_NONBLOCK the opening of a FIFO would never return. */
function openFile(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    const errno = error instanceof Error && 'errno' in error ? Math.abs(Number(error.errno)) : EINVAL;
    throw failure(`open the network namespace ${path}`, errno);
  }
}

const failure = (what: string, errno: number): KernelError =>
  ABSENT.includes(errno) ? new NoNetnsError(what, errno) : new KernelError(what, errno);

/** Runs `inNetns`, which must be synchronous, inside the namespace. Throws what it throws, NoNetnsError and KernelError. */
export function withNetns<T>(netns: NetnsRef, inNetns: () => T): T {
  if (netns === 'host') return inNetns();
  using file = openNetns(netns);
  if (setns(file.fd, CLONE_NEWNET) < 0) throw failure(`enter the network namespace ${netns}`, lastErrno());
  try {
    return inNetns();
  } finally {
    goHome();
  }
}

/** Runs `inNetns` inside a namespace made for it, which lives as long as something refers to it. */
export function withNewNetns<T>(inNetns: () => T): T {
  checked('make a network namespace', unshare(CLONE_NEWNET));
  try {
    return inNetns();
  } finally {
    goHome();
  }
}
