/** Durable files, on a real file system. */
import { readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { removeDurably, writeAtomically } from '../../../lib/store/atomic-file.ts';

void test('a file is replaced as a whole and is for its owner alone', async (t) => {
  const path = join(t.testdir(), 'file');
  await writeAtomically(path, 'a long first content');
  await writeAtomically(path, 'short');
  t.equal(readFileSync(path, 'utf8'), 'short');
  t.equal(statSync(path).mode & 0o777, 0o600);
  await removeDurably(path);
  await removeDurably(path);
  t.strictSame(readdirSync(join(path, '..')), []);
});

void test('a write that cannot be finished leaves what was there, and nothing beside it', async (t) => {
  const dir = t.testdir({ taken: { inside: 'x' } });
  await t.rejects(writeAtomically(join(dir, 'taken'), 'y'), { code: /EISDIR|ENOTEMPTY|EEXIST/ });
  t.strictSame(readdirSync(dir), ['taken']);
  await t.rejects(writeAtomically(join(dir, 'none', 'file'), 'y'), { code: 'ENOENT' });
});

void test('a full disk: the old content stays, and nothing half written', async (t) => {
  const dir = t.testdir({ file: 'old' });
  // Whatever is written to it meets ENOSPC (full(4)).
  symlinkSync('/dev/full', join(dir, 'file.tmp'));
  await t.rejects(writeAtomically(join(dir, 'file'), 'new'), { code: 'ENOSPC' });
  t.strictSame(readdirSync(dir), ['file']);
  t.equal(readFileSync(join(dir, 'file'), 'utf8'), 'old');
});
