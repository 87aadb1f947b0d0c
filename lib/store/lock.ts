/** One agent per state folder: flock(2), which the kernel releases however the process ends. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import koffi from 'koffi';
import { err, ok, type Result } from '../net/result.ts';

/** From sys/file.h. */
const LOCK_EX = 2;
const LOCK_NB = 4;

/** Returns the release, or an error that says who holds the folder. */
export function lockDirectory(directory: string): Result<() => void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'lock');
  const fd = openSync(path, 'w', 0o600);
  const flock = koffi.load('libc.so.6').func('int flock(int fd, int operation)') as (
    fd: number,
    operation: number,
  ) => number;
  if (flock(fd, LOCK_EX | LOCK_NB) === 0) return ok(() => closeSync(fd));
  closeSync(fd);
  return err(`another agent holds ${path}: stop it first, or give this one a --state-dir of its own`);
}
