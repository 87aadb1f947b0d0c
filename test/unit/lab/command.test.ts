import { test } from 'tap';
import { commandOutput, runCommand } from '../../../lib/lab/command.ts';
import { textTable } from '../../../lib/lab/text-table.ts';

test('a program gets its input and environment, and its status and output come back', async (t) => {
  const done = await runCommand(['sh', '-c', 'cat; echo "$WORD" >&2; exit 3'], { input: 'in', env: { WORD: 'out' } });
  t.strictSame(done, { status: 3, stdout: 'in', stderr: 'out\n' });
});

test('a signal reads as 128 and its number, as in a shell', async (t) => {
  t.equal((await runCommand(['sh', '-c', 'kill -TERM $$'])).status, 143);
  t.equal((await runCommand(['sleep', '10'], { timeout: 20 })).status, 137);
});

test('a program that does not read its input is no failure', async (t) => {
  t.equal((await runCommand(['true'], { input: 'x'.repeat(1_000_000) })).status, 0);
});

test('a failure carries the program and its own words', async (t) => {
  await t.rejects(commandOutput(['sh', '-c', 'echo so sorry >&2; exit 1']), /^sh -c .*: exit status 1: so sorry$/);
  await t.rejects(runCommand(['/no/such/program']), /ENOENT/);
});

test('columns are as wide as their widest cell, and lines have no blanks at the end', (t) => {
  t.equal(textTable([['A', 'LONG', 'C'], ['aaa', 'b', ''], ['x']]), 'A     LONG   C\naaa   b\nx');
  t.equal(textTable([]), '');
  t.end();
});
