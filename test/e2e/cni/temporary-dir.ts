/** A folder with a short name: the path of a unix socket has room for 107 bytes, which a fixture of tap's overruns. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

export function temporaryDir(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'warren-test-'));
  t.teardown(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}
