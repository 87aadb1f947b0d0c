/** The queue of DELs on a real file system. */
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { enqueue } from '../../../lib/cni/queue.ts';

const content = new TextEncoder().encode('frame');

test('the folder is made, the file is whole and private', (t) => {
  const dir = join(t.testdir(), 'a', 'queue');
  enqueue(dir, 'c1@eth0.del', content);
  t.strictSame(readdirSync(dir), ['c1@eth0.del']);
  t.equal(readFileSync(join(dir, 'c1@eth0.del'), 'utf8'), 'frame');
  t.equal(statSync(join(dir, 'c1@eth0.del')).mode & 0o777, 0o600);
  t.end();
});

test('the same name again replaces the content', (t) => {
  const dir = t.testdir({ 'c1@eth0.del': 'longer than before' });
  enqueue(dir, 'c1@eth0.del', content);
  t.equal(readFileSync(join(dir, 'c1@eth0.del'), 'utf8'), 'frame');
  t.end();
});

test('a failure leaves no temporary file', (t) => {
  const dir = t.testdir();
  mkdirSync(join(dir, 'c1@eth0.del'));
  t.throws(() => enqueue(dir, 'c1@eth0.del', content), { code: 'EISDIR' });
  t.strictSame(readdirSync(dir), ['c1@eth0.del']);
  t.end();
});
