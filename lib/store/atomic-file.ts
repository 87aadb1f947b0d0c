/** Files that are either the old or the new content after a crash: temporary file, fsync, rename, fsync of the folder. */
import { open, rename, rm, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Replaces `path` with `content`, mode 0600. The folder must exist. A failure leaves what was there, and nothing beside it. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await replace(path, content, true);
  await syncDirectory(dirname(path));
}

/** As `writeAtomically` for a crash of the process; a loss of power may leave the old content, the new, or an empty file. */
export const replaceFile = (path: string, content: string | Uint8Array): Promise<void> => replace(path, content, false);

async function replace(path: string, content: string | Uint8Array, isDurable: boolean): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(content);
    if (isDurable) await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    // Everything is written: nobody has to wait for this.
    file.close().catch(() => undefined);
  }
}

/** Removes `path` durably; a file that is gone already is fine. */
export async function removeDurably(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  await syncDirectory(dirname(path));
}

const isAbsent = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

async function syncDirectory(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
