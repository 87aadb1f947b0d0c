/** CNI conformance against a real agent: DEL and GC, rows D1, D2, G1, G2. */
import { test } from 'tap';
import { eventually } from '../../../lib/lab/wait.ts';
import type { Sandbox } from './node-harness.ts';
import { errorOf } from './plugin.ts';
import { testNode } from './test-node.ts';

const node = await testNode();

test('D1: DEL succeeds twice, for what was never added, and without its namespace', async (t) => {
  const sandbox = await node.sandbox('blue');
  await node.del(t, sandbox);
  await node.add(sandbox);
  await node.removeNetns(sandbox);
  const { CNI_NETNS: _gone, ...rest } = sandbox;
  await node.del(t, rest);
  await node.del(t, sandbox);
  await node.del(t, rest);
  await node.nothingLeft(t);
});

test('D1: the address that DEL gave back can be asked for at once', async (t) => {
  const annotation = '[{"name":"blue","ips":["10.77.0.99"]}]';
  for (let round = 0; round < 3; round++) {
    const sandbox = await node.sandbox(annotation);
    await eventually(() => node.add(sandbox), 20_000);
    await node.del(t, sandbox);
    await node.removeNetns(sandbox);
  }
  await node.nothingLeft(t);
});

test('D2: a DEL while the agent is down is carried out when it is back', async (t) => {
  const [leaving, staying] = [await node.sandbox('blue'), await node.sandbox('blue')];
  await node.add(leaving);
  await node.add(staying);
  await node.killAgent();
  await node.del(t, leaving);
  t.match(await node.traces(), [/./], 'still there');
  t.ok((await node.traces()).includes(`queue ${leaving.CNI_CONTAINERID}@eth0.del`));
  t.match(errorOf(await node.plugin('ADD', leaving)), { code: 11, msg: /\/run\/warren\/agent\.sock/ });
  t.match(errorOf(await node.plugin('STATUS', {})), { code: 50 });
  await node.startAgent();
  await eventually(async () => {
    const traces = await node.traces();
    if (traces.some((line) => line.includes(leaving.CNI_CONTAINERID))) throw new Error(traces.join('\n'));
  }, 30_000);
  t.strictSame(await node.linksIn(leaving), []);
  t.equal((await node.linksIn(staying)).length, 2);
  t.match(await node.plugin('CHECK', staying), { status: 0 });
  await node.del(t, staying);
  await Promise.all([leaving, staying].map((sandbox) => node.removeNetns(sandbox)));
  await node.nothingLeft(t);
});

const idOf = ({ CNI_CONTAINERID, CNI_IFNAME }: Sandbox) => ({ containerID: CNI_CONTAINERID, ifname: CNI_IFNAME });
const silent = { status: 0, stdout: '', stderr: '' };

test('G1, G2: GC keeps what is listed and removes the rest, by either name of the list', async (t) => {
  for (const key of ['cni.dev/valid-attachments', 'cni.dev/attachments']) {
    const [kept, gone, dead] = [await node.sandbox('blue'), await node.sandbox('blue'), await node.sandbox('blue')];
    for (const sandbox of [kept, gone, dead]) await node.add(sandbox);
    await node.removeNetns(dead);
    t.strictSame(
      await node.plugin('GC', {}, { [key]: [idOf(kept), { containerID: 'unknown', ifname: 'eth0' }] }),
      silent,
      key,
    );
    await eventually(async () => {
      const endpoints = await node.endpoints();
      if (endpoints.length !== 1) throw new Error(JSON.stringify(endpoints));
    }, 20_000);
    t.strictSame(await node.linksIn(gone), []);
    t.match(await node.plugin('CHECK', kept), { status: 0 });
    await node.del(t, kept);
    for (const sandbox of [kept, gone]) await node.removeNetns(sandbox);
    await node.nothingLeft(t);
  }
});

test('G2: without a list GC does nothing, with null everything goes', async (t) => {
  const sandbox = await node.sandbox('blue');
  await node.add(sandbox);
  t.strictSame(await node.plugin('GC', {}), silent);
  t.match(await node.plugin('CHECK', sandbox), { status: 0 }, 'key absent');
  t.strictSame(await node.plugin('GC', {}, { name: 'other', 'cni.dev/valid-attachments': [] }), silent);
  t.match(await node.plugin('CHECK', sandbox), { status: 0 }, "another configuration's list");
  t.match(errorOf(await node.plugin('GC', {}, { 'cni.dev/valid-attachments': [{ containerID: 5 }] })), { code: 7 });
  t.match(await node.plugin('CHECK', sandbox), { status: 0 }, 'a broken list');
  t.strictSame(await node.plugin('GC', {}, { 'cni.dev/valid-attachments': null }), silent);
  await node.removeNetns(sandbox);
  await node.nothingLeft(t);
});

test('G1: GC goes on past what cannot be removed, tells of it, and the agent removes it as soon as it can', async (t) => {
  const [kept, stuck, gone] = [await node.sandbox('blue'), await node.sandbox('blue'), await node.sandbox('blue')];
  for (const sandbox of [kept, stuck, gone]) await node.add(sandbox);
  // A folder in the place of its entry: neither can be replaced or removed as a file.
  const entry = `/var/lib/warren/attachments/${stuck.CNI_CONTAINERID}.eth0.json`;
  await node.on(['rm', entry]);
  await node.on(['mkdir', entry]);
  const answer = await node.plugin('GC', {}, { 'cni.dev/valid-attachments': [idOf(kept)] });
  t.match(errorOf(answer), { code: 5, msg: /1 of 2 stale attachments/ });
  for (const sandbox of [stuck, gone]) t.strictSame(await node.linksIn(sandbox), []);
  t.match(await node.plugin('CHECK', kept), { status: 0 });
  await node.on(['rmdir', entry]);
  await eventually(async () => {
    const traces = await node.traces();
    if (traces.some((line) => line.includes(stuck.CNI_CONTAINERID))) throw new Error(traces.join('\n'));
  }, 30_000);
  await node.del(t, kept);
  for (const sandbox of [kept, stuck, gone]) await node.removeNetns(sandbox);
  await node.nothingLeft(t);
});
