/** DELs from the plugin's queue, on a real file system. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { drainQueue, forgetQueuedDel } from '../../../lib/agent/queued-dels.ts';
import { encodeRequest, type PluginRequest } from '../../../lib/api/plugin-wire.ts';
import { parseIfName } from '../../../lib/net/ifname.ts';
import { must } from '../../../lib/net/result.ts';
import { silentLogger } from '../../../lib/telemetry/log.ts';

const stdin = new TextEncoder().encode('{}');
const frame = (containerID: string): Buffer =>
  Buffer.from(encodeRequest({ env: { CNI_COMMAND: 'DEL', CNI_CONTAINERID: containerID }, stdin }));
const reply = (exitCode: number) => ({ exitCode, stdout: new Uint8Array() });

test('each DEL is carried out once; what fails stays for the next round', async (t) => {
  const dir = t.testdir({ 'a@eth0.del': frame('a'), 'b@eth0.del': frame('b'), '.c@eth0.del.7': frame('c') });
  const seen: (string | undefined)[] = [];
  const answer = (failing: string) => async (request: PluginRequest) => {
    seen.push(request.env['CNI_CONTAINERID']);
    return reply(request.env['CNI_CONTAINERID'] === failing ? 1 : 0);
  };
  await drainQueue(dir, answer('b'), silentLogger);
  t.strictSame(seen, ['a', 'b'], 'an unfinished file is not looked at');
  t.strictSame(readdirSync(dir).toSorted(), ['.c@eth0.del.7', 'b@eth0.del']);
  await drainQueue(dir, answer('none'), silentLogger);
  t.strictSame(seen, ['a', 'b', 'b']);
  t.strictSame(readdirSync(dir), ['.c@eth0.del.7']);
});

test('what cannot be read is dropped, and does not keep the others', async (t) => {
  const dir = t.testdir({
    'a.del': 'nonsense beyond a header',
    'b.del': frame('b').subarray(0, 20),
    'c.del': frame('c'),
  });
  const seen: (string | undefined)[] = [];
  await drainQueue(dir, async (request) => (seen.push(request.env['CNI_CONTAINERID']), reply(0)), silentLogger);
  t.strictSame(seen, ['c']);
  t.strictSame(readdirSync(dir), []);
});

test('no folder is an empty queue', async (t) => {
  await t.resolves(drainQueue(join(t.testdir(), 'none'), async () => reply(0), silentLogger));
});

test('an ADD makes the queued DEL of the same interface void', async (t) => {
  const dir = t.testdir({ 'a@eth0.del': frame('a'), 'a@net1.del': frame('a') });
  await forgetQueuedDel(dir, { containerID: 'a', ifname: must(parseIfName('eth0')) });
  await forgetQueuedDel(dir, { containerID: 'b', ifname: must(parseIfName('eth0')) });
  t.strictSame(readdirSync(dir), ['a@net1.del']);
});
