/** One command at a time changes a lab. */
import { lockDirectory } from '../store/lock.ts';
import { LabError } from './lab-error.ts';
import type { LabLayout } from './layout.ts';

/** Throws LabError when another process holds the lock; the kernel frees it however that process ends. */
export async function withLabLock<T>(layout: LabLayout, work: () => Promise<T>): Promise<T> {
  const lock = lockDirectory(layout.dir);
  if (!lock.ok) throw new LabError(`another command is changing the lab in ${layout.dir}`, 'wait until it is done');
  try {
    return await work();
  } finally {
    lock.value();
  }
}
