/**
 * `sysctl -w net.…` in a network namespace. /proc/sys/net shows the namespace of the thread that opens a file, so these calls
 * are synchronous and belong inside `withNetns`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { KernelError, hasCode } from '../error.ts';

const EINVAL = 22;

function fileOf(key: string): string {
  const isKey = /^net(\/[\w.@:-]+)+$/.test(key) && !key.split('/').includes('..');
  if (!isKey) throw new KernelError(`use sysctl ${key}`, EINVAL, 'write it as net/ipv4/ip_forward');
  return `/proc/sys/${key}`;
}

/** The value without its newline; undefined when the kernel has no such key. */
export function readSysctl(key: string): string | undefined {
  try {
    return readFileSync(fileOf(key), 'utf8').trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Throws the error of fs. */
export function writeSysctl(key: string, value: string): void {
  writeFileSync(fileOf(key), value);
}
