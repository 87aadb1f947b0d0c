/** Network namespaces with a name: `ip netns add`, `delete` and `list`. */
import { closeSync, constants, mkdirSync, openSync, rmSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { KernelError, checked, hasCode } from '../error.ts';
import { lastErrno, mount, umount2 } from '../libc.ts';
import { withNewNetns } from './enter.ts';

const MS_BIND = 0x1000;
const MS_REC = 0x4000;
const MS_SHARED = 0x100000;
const MNT_DETACH = 2;
const NSFS_MAGIC = 0x6e736673;
const EEXIST = 17;
const EINVAL = 22;

/** Whether the file at `path` is a namespace, not the empty file that one is mounted on. False when there is none. */
export function isNetns(path: string): boolean {
  try {
    return statfsSync(path).type === NSFS_MAGIC;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/** As `ip netns` does it, for a directory that need not exist: what is mounted here is seen in every mount namespace that shares the directory. */
export function shareDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o755 });
  const share = (): number => mount('', path, 'none', MS_SHARED | MS_REC, null);
  if (share() === 0) return;
  const what = `make ${path} a shared mount`;
  if (lastErrno() !== EINVAL) throw new KernelError(what, lastErrno());
  checked(what, mount(path, path, 'none', MS_BIND | MS_REC, null));
  checked(what, share());
}

/**
 * Makes a namespace and mounts it on `path`. An empty file that a crash left there is taken over. Throws KernelError: EEXIST
 * when there is a namespace already.
 */
export function createNetns(path: string): void {
  const what = `create network namespace ${path}`;
  shareDirectory(dirname(path));
  if (isNetns(path)) throw new KernelError(what, EEXIST);
  closeSync(openSync(path, constants.O_RDONLY | constants.O_CREAT, 0o444));
  try {
    withNewNetns(() => checked(what, mount('/proc/thread-self/ns/net', path, null, MS_BIND, null)));
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/** Removes the name; the namespace goes when nothing refers to it any more. Nothing happens when there is no such name. */
export function deleteNetns(path: string): void {
  while (isNetns(path)) checked(`delete network namespace ${path}`, umount2(path, MNT_DETACH));
  rmSync(path, { force: true });
}
