/** DELs for an agent that is down: the runtime must get its success, and nothing may leak. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Durable when it returns: the file, then its name. Throws the file system's error, and leaves nothing behind. */
export function enqueue(dir: string, name: string, content: Uint8Array): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const staged = join(dir, `.${name}.${process.pid}`);
  try {
    writeDurably(staged, content);
    renameSync(staged, join(dir, name));
  } catch (error) {
    rmSync(staged, { force: true });
    throw error;
  }
  syncDirectory(dir);
}

function writeDurably(path: string, content: Uint8Array): void {
  const fd = openSync(path, 'w', 0o600);
  try {
    for (let at = 0; at < content.length;) at += writeSync(fd, content, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function syncDirectory(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
