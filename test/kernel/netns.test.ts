// Namespaces with a name: as `ip netns` has them, whole after a crash, and never the wrong one.
import { NETNS_DIR, addNetns, deleteNetns as ipDeleteNetns, ip, run } from './fresh-netns.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { NoNetnsError, withNetns } from '../../lib/kernel/netns/enter.ts';
import { createNetns, deleteNetns, isNetns } from '../../lib/kernel/netns/netns.ts';
import { openTestKernel } from './kernel.ts';

const path = `${NETNS_DIR}/warren-5000` as const;
const current = () => readlinkSync('/proc/thread-self/ns/net');

function removeAfter(t: Test): void {
  t.teardown(() => deleteNetns(path));
}

test('one that is made is one for `ip netns`, and the other way round', async (t) => {
  removeAfter(t);
  createNetns(path);
  t.ok(isNetns(path));
  t.match(ip('netns', 'list'), /^warren-5000/m);
  t.match(ip('-n', 'warren-5000', 'link'), /lo:/);
  ipDeleteNetns('warren-5000');
  t.notOk(existsSync(path));
  addNetns('warren-5000');
  deleteNetns(path);
  t.notOk(existsSync(path));
  t.notMatch(run('findmnt', '-n', '-l', '-o', 'TARGET'), path, 'no mount is left');
});

test('it cannot be made twice', async (t) => {
  removeAfter(t);
  createNetns(path);
  t.throws(() => createNetns(path), { message: `cannot create network namespace ${path}: EEXIST (File exists)` });
  t.ok(isNetns(path), 'the first one stays');
});

test('the main thread is where it was, whatever happened inside', async (t) => {
  removeAfter(t);
  const home = current();
  createNetns(path);
  t.equal(current(), home);
  t.equal(
    withNetns(path, () => current()),
    readlinkOf(path),
  );
  t.equal(current(), home);
  t.throws(() =>
    withNetns(path, () => {
      throw new Error('inside');
    }),
  );
  t.equal(current(), home);
});

const readlinkOf = (file: string): string => `net:[${run('stat', '-L', '-c', '%i', file).trim()}]`;

const noNamespaces: readonly (readonly [name: string, path: `/${string}`])[] = [
  ['an empty file', '/run/netns/empty'],
  ['a FIFO', '/run/netns/fifo'],
  ['a directory', '/run/netns'],
  ['a namespace of another kind', '/proc/self/ns/mnt'],
  ['a device', '/dev/null'],
  ['nothing', '/run/netns/none'],
  ['something below a file', '/run/netns/empty/below'],
  ['a text that is no path', '/run/netns/\0'],
  ['a very long name', `/run/netns/${'x'.repeat(300)}`],
];

test('a path that is no namespace is refused, and does not hold up anything', async (t) => {
  run('touch', '/run/netns/empty');
  run('mkfifo', '/run/netns/fifo');
  t.teardown(() => run('rm', '/run/netns/empty', '/run/netns/fifo'));
  const kernel = await openTestKernel(t);
  for (const [name, strange] of noNamespaces) {
    t.throws(() => withNetns(strange, () => 1), NoNetnsError, name);
    t.equal(kernel.identity(strange), undefined, name);
    t.same(await kernel.observe(strange), [], name);
  }
  t.throws(() => withNetns('/run/netns/none', () => 1), {
    message: 'cannot open the network namespace /run/netns/none: ENOENT (No such file or directory)',
  });
});

test('a file that a crash left is taken over, or removed', async (t) => {
  removeAfter(t);
  writeFileSync(path, '');
  createNetns(path);
  t.ok(isNetns(path));
  deleteNetns(path);
  writeFileSync(path, '');
  deleteNetns(path);
  t.notOk(existsSync(path));
  deleteNetns(path);
});

test('a namespace that is mounted twice goes wholly', async (t) => {
  removeAfter(t);
  createNetns(path);
  run('mount', '--bind', path, path);
  deleteNetns(path);
  t.notOk(existsSync(path));
});

test('the start of the driver sweeps files that a crash left, and nothing else', async (t) => {
  writeFileSync(path, '');
  writeFileSync('/run/netns/foreign', '');
  t.teardown(() => deleteNetns('/run/netns/foreign'));
  addNetns('warren-5001');
  const kernel = await openTestKernel(t);
  t.same(readdirSync(NETNS_DIR).sort(), ['foreign', 'warren-5001']);
  t.same(await kernel.listNetns(), ['/run/netns/warren-5001']);
});

test('its identity tells one from the next under the same path', async (t) => {
  removeAfter(t);
  const kernel = await openTestKernel(t);
  createNetns(path);
  const first = kernel.identity(path);
  t.equal(kernel.identity(path), first);
  t.not(kernel.identity('host'), first);
  t.equal(kernel.identity('/proc/self/ns/net'), kernel.identity('host'), 'also under another path');
  deleteNetns(path);
  t.equal(kernel.identity(path), undefined);
  createNetns(path);
  t.not(kernel.identity(path), first);
});

/** Makes and removes the namespace as fast as it can, until it is killed. */
const churn = `
  import { createNetns, deleteNetns } from ${JSON.stringify(import.meta.resolve('../../lib/kernel/netns/netns.ts'))};
  process.stdout.write('ready');
  for (;;) { createNetns('${path}'); deleteNetns('${path}'); }
`;

test('killed at any moment, it leaves what the next one cleans up', async (t) => {
  removeAfter(t);
  const states = new Set<string>();
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', churn], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await sleep(10 + Math.random() * 20);
    child.kill('SIGKILL');
    await once(child, 'close');
    states.add(existsSync(path) ? (isNetns(path) ? 'a namespace' : 'an empty file') : 'nothing');
    deleteNetns(path);
    createNetns(path);
    t.ok(isNetns(path));
    deleteNetns(path);
  }
  t.comment(`found after the kills: ${[...states].join(', ')}`);
  t.same(readdirSync(NETNS_DIR), []);
});
