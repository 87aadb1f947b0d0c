/** Installing the plugin and its configuration, in folders of the test's own. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { CONFLIST_FILE, confList, installConfList, installPlugin, shadowingConf } from '../../../lib/agent/install.ts';

test('the configuration is written once and names every version', async (t) => {
  const dir = join(t.testdir(), 'net.d');
  t.equal(await installConfList(dir), true);
  const before = statSync(join(dir, CONFLIST_FILE));
  t.equal(await installConfList(dir), false);
  t.equal(statSync(join(dir, CONFLIST_FILE)).ino, before.ino);
  t.strictSame(readdirSync(dir), [CONFLIST_FILE]);
  t.match(JSON.parse(readFileSync(join(dir, CONFLIST_FILE), 'utf8')), {
    cniVersion: '1.1.0',
    cniVersions: ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'],
    name: 'warren',
    plugins: [{ type: 'warren' }],
  });
});

test('a configuration that somebody changed is replaced by a new file', async (t) => {
  const dir = t.testdir({
    [CONFLIST_FILE]: '{}',
    '05-other.conf.bak': '',
    '.10-warren.conflist.new': 'left by a crash',
  });
  const before = statSync(join(dir, CONFLIST_FILE));
  t.equal(await installConfList(dir), true);
  t.not(statSync(join(dir, CONFLIST_FILE)).ino, before.ino);
  t.equal(readFileSync(join(dir, CONFLIST_FILE), 'utf8'), confList());
  t.strictSame(readdirSync(dir).toSorted(), ['05-other.conf.bak', CONFLIST_FILE]);
});

test('a configuration that comes before ours is found', async (t) => {
  t.equal(await shadowingConf(t.testdir({ [CONFLIST_FILE]: '' })), undefined);
  t.equal(await shadowingConf(t.testdir({ '05-a.conflist': '', [CONFLIST_FILE]: '' })), '05-a.conflist');
  t.equal(await shadowingConf(t.testdir({ '05-a.bak': '', '99-z.conf': '' })), undefined);
});

test('the binary is replaced while it is being executed', async (t) => {
  const dir = t.testdir({ new: '#!/bin/sh\nexit 7\n' });
  const target = join(dir, 'bin', 'warren');
  mkdirSync(join(dir, 'bin'));
  copyFileSync('/bin/sleep', target);
  chmodSync(target, 0o755);
  const running = spawn(target, ['60']);
  t.teardown(() => running.kill());
  t.throws(() => writeFileSync(target, 'x'), { code: 'ETXTBSY' }, 'writing to it is what the kernel refuses');
  t.equal(await installPlugin(join(dir, 'new'), join(dir, 'bin')), true);
  t.equal(spawnSync(target).status, 7);
  t.equal(running.exitCode, null);
  t.strictSame(readdirSync(join(dir, 'bin')), ['warren']);
});

test('a binary that is there already is left alone, one that cannot be executed is not', async (t) => {
  const dir = t.testdir({ new: '#!/bin/sh\nexit 7\n' });
  const bin = join(dir, 'made', 'by', 'install');
  t.equal(await installPlugin(join(dir, 'new'), bin), true);
  t.equal(await installPlugin(join(dir, 'new'), bin), false);
  chmodSync(join(bin, 'warren'), 0o644);
  t.equal(await installPlugin(join(dir, 'new'), bin), true);
  writeFileSync(join(bin, 'warren'), '#!/bin/sh\nexit 8\n');
  t.equal(await installPlugin(join(dir, 'new'), bin), true, 'same length, other content');
  t.equal(spawnSync(join(bin, 'warren')).status, 7);
});

test('a source that is missing changes nothing', async (t) => {
  const dir = t.testdir({ bin: { warren: 'old' } });
  await t.rejects(installPlugin(join(dir, 'missing'), join(dir, 'bin')), { code: 'ENOENT' });
  t.equal(readFileSync(join(dir, 'bin', 'warren'), 'utf8'), 'old');
  t.strictSame(readdirSync(join(dir, 'bin')), ['warren']);
});
