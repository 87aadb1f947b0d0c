import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { reportAttachment } from '../../../lib/agent/report.ts';
import { events } from '../../../lib/api/event.ts';
import { pods } from '../../../lib/api/core.ts';
import type { Op } from '../../../lib/dataplane/op.ts';
import type { Journal } from '../../../lib/store/journal.ts';
import { startTestApi } from '../api-server.ts';
import { exampleAttachment } from '../store/example.ts';
import { type Answer, startAgent, type TestAgent, until } from './test-agent.ts';

const succeeded = (t: Test, { exitCode, said }: Answer): void => void t.equal(exitCode, 0, JSON.stringify(said));

void test('an ADD makes, records and claims; DEL takes all of it away again', async (t) => {
  const node = await startAgent(t);
  const args = await node.pod('web', 'blue,green@lan0');
  const added = await node.call('ADD', 'c1', args);
  succeeded(t, added);
  t.match(added.said, { interfaces: [{ name: 'eth0' }, { name: 'net1' }, { name: 'lan0' }] });
  t.strictSame((await node.endpoints()).map((one) => one.metadata.name).toSorted(), [
    'blue.10.0.0.2',
    'green.10.0.1.2',
  ]);
  t.strictSame(await node.recorded(), node.journal.list(), 'what was answered is on disk');
  succeeded(t, await node.call('CHECK', 'c1', args));
  t.strictSame(await node.call('ADD', 'c1', args), added, 'the same call again');
  succeeded(t, await node.call('DEL', 'c1'));
  await node.nothingLeft(t);
});

void test('the pod is told its addresses', async (t) => {
  const node = await startAgent(t);
  succeeded(t, await node.call('ADD', 'c1', await node.pod('web', 'blue')));
  const told = async (): Promise<string> => {
    const { metadata } = await node.api.client.get(pods, 'web', { namespace: 'default' });
    return metadata.annotations?.['k8s.v1.cni.cncf.io/network-status'] ?? '';
  };
  await until(async () => (await told()) !== '');
  t.strictSame(JSON.parse(await told()), [
    { ...status('warren', 'eth0', '172.20.0.2', '02:42:ac:14:00:02'), default: true },
    { ...status('blue', 'net1', '10.0.0.2', '02:42:0a:00:00:02'), default: false },
  ]);
});

const status = (name: string, ifname: string, ip: string, mac: string) => ({
  ...{ name, interface: ifname, ips: [ip], mac, mtu: 1450, dns: {} },
});

void test('a pod that is gone, or another by now, gets no report, and none is tried again', async (t) => {
  const { client } = await startTestApi(t);
  await t.resolves(reportAttachment(client, exampleAttachment({})));
  const spec = { containers: [{ name: 'main', image: 'none' }] };
  await client.create(pods, { metadata: { name: 'web' }, spec }, { namespace: 'default' });
  await t.resolves(reportAttachment(client, exampleAttachment({})));
  const { metadata } = await client.get(pods, 'web', { namespace: 'default' });
  t.equal(metadata.annotations?.['k8s.v1.cni.cncf.io/network-status'], undefined);
});

/** A journal on a full disk: it takes no entry, but gives one up. */
function onFullDisk(real: Journal) {
  const disk = { isFull: false };
  const full = Object.assign(new Error("ENOSPC: no space left on device, write '/var/lib/warren'"), { code: 'ENOSPC' });
  const put: Journal['put'] = (one) => (disk.isFull ? Promise.reject(full) : real.put(one));
  return { disk, journal: { ...real, put } };
}

async function startOnDisk(t: Test) {
  let disk = { isFull: false };
  const node = await startAgent(t, {
    journal: (real) => {
      const made = onFullDisk(real);
      disk = made.disk;
      return made.journal;
    },
  });
  return { node, disk };
}

void test('a full disk: ADD fails, says so and leaves nothing; DEL works', async (t) => {
  const { node, disk } = await startOnDisk(t);
  const args = await node.pod('web', 'blue,green');
  disk.isFull = true;
  const { said } = await node.call('ADD', 'c1', args);
  t.match(said, {
    code: 5,
    msg: /^cannot write the journal in .*: ENOSPC: no space left on device.*; see to that disk$/,
  });
  await node.nothingLeft(t, 'after the ADD');
  disk.isFull = false;
  succeeded(t, await node.call('ADD', 'c1', args));
  disk.isFull = true;
  succeeded(t, await node.call('DEL', 'c1'));
  await node.nothingLeft(t, 'after the DEL');
});

void test('a full disk and no API server: DEL fails, and the next one does it', async (t) => {
  const { node, disk } = await startOnDisk(t);
  succeeded(t, await node.call('ADD', 'c1', await node.pod('web', 'blue')));
  disk.isFull = true;
  node.api.faults.add({ kind: 'refuse' });
  t.match((await node.call('DEL', 'c1')).said, { code: 11 });
  node.api.faults.clear();
  succeeded(t, await node.call('DEL', 'c1'));
  await node.nothingLeft(t);
});

void test('without an API server DEL frees the container at once, and the address when it is back', async (t) => {
  const node = await startAgent(t);
  succeeded(t, await node.call('ADD', 'c1', await node.pod('web', 'blue')));
  node.api.faults.add({ kind: 'refuse' });
  succeeded(t, await node.call('DEL', 'c1'));
  t.notOk(node.kernel.objects().some(({ netns }) => netns === '/run/netns/c1'));
  t.match(await node.recorded(), [{ state: 'releasing' }]);
  node.api.faults.clear();
  t.equal((await node.endpoints()).length, 1, 'the address is not free before');
  await node.nothingLeft(t);
});

const refusals: readonly (readonly [what: string, isRefused: (op: Op) => boolean, message: RegExp])[] = [
  [
    'eth0',
    ({ object }) => object.kind === 'veth' && object.netns === 'host',
    /^cannot create link warren.* peer eth0 .* in the host netns: EIO/,
  ],
  [
    'an address',
    ({ object }) => object.kind === 'address' && object.link === 'net1',
    /^cannot create addr 10\.0\.\d\.\d\/24 dev net1 in netns \/run\/netns\/c1: EIO/,
  ],
  ['a network', ({ object }) => object.kind === 'netns', /^cannot create netns \/run\/netns\/warren-\d+: EIO/],
];
void test('a kernel that refuses: one error, nothing left, and the next ADD works', async (t) => {
  const node = await startAgent(t);
  for (const [i, [what, isRefused, message]] of refusals.entries()) {
    const args = await node.pod(`web-${i}`, 'blue,green');
    const forgive = node.kernel.refuse(isRefused);
    t.match((await node.call('ADD', `c${i}`, args)).said, { code: 5, msg: message }, what);
    await node.nothingLeft(t, what);
    forgive();
    succeeded(t, await node.call('ADD', `c${i}`, args));
    succeeded(t, await node.call('DEL', `c${i}`));
    await node.nothingLeft(t, `${what}, after the next ADD`);
  }
});

void test('a kernel that refuses to make and to undo: the error is the first one, and the undoing is tried again', async (t) => {
  const node = await startAgent(t);
  const args = await node.pod('web', 'blue');
  const forgive = node.kernel.refuse(
    ({ kind, object }) => (kind === 'create' && object.kind === 'fdb-master') || kind === 'delete',
  );
  t.match((await node.call('ADD', 'c1', args)).said, { code: 5, msg: /^cannot create bridge fdb/ });
  forgive();
  await until(() => node.journal.list().length === 0);
  await node.nothingLeft(t);
});

void test('a DEL that the kernel refuses fails, and is finished without another call', async (t) => {
  const node = await startAgent(t);
  succeeded(t, await node.call('ADD', 'c1', await node.pod('web', 'blue')));
  const forgive = node.kernel.refuse(({ kind }) => kind === 'delete');
  t.match((await node.call('DEL', 'c1')).said, { code: 5, msg: /^cannot delete/ });
  t.equal((await node.endpoints()).length, 1, 'the address is not given to another while it is in use');
  forgive();
  await until(() => node.journal.list().length === 0);
  await node.nothingLeft(t);
});

void test('of several networks one that fails gives the others back', async (t) => {
  const node = await startAgent(t);
  const args = await node.pod('web', '[{"name":"blue"},{"name":"green","ips":["10.0.1.1"]}]');
  t.match((await node.call('ADD', 'c1', args)).said, { code: 105, msg: /10\.0\.1\.1/ });
  await node.nothingLeft(t);
  await until(async () => (await eventsOf(node)).length > 0);
  t.match(await eventsOf(node), [{ reason: 'FailedAttach', type: 'Warning', message: /10\.0\.1\.1/ }]);
});

const eventsOf = async (node: TestAgent) => (await node.api.client.list(events, { namespace: 'default' })).items;

void test('an ADD of a container whose DEL is still giving back its claim keeps what it makes', async (t) => {
  const node = await startAgent(t);
  const args = await node.pod('web', 'blue');
  succeeded(t, await node.call('ADD', 'c1', args));
  node.api.faults.add({ kind: 'delay', milliseconds: 300, resource: 'networkendpoints' });
  succeeded(t, await node.call('DEL', 'c1'));
  await sleep(100);
  node.api.faults.clear();
  const added = await node.call('ADD', 'c1', args);
  succeeded(t, added);
  await node.agent.parts.releases.idle();
  t.match(node.journal.list(), [{ containerID: 'c1', state: 'attached' }]);
  t.strictSame(await node.recorded(), node.journal.list());
  succeeded(t, await node.call('CHECK', 'c1', args));
  succeeded(t, await node.call('DEL', 'c1'));
  await node.nothingLeft(t);
});

void test('without the API server an ADD that needs nothing of it works, one that does says to try again', async (t) => {
  const node = await startAgent(t);
  node.api.faults.add({ kind: 'refuse' });
  const plain = await node.call('ADD', 'c1');
  succeeded(t, plain);
  t.match((await node.call('ADD', 'c2', 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;K8S_POD_UID=1')).said, {
    code: 11,
  });
  node.api.faults.clear();
  succeeded(t, await node.call('DEL', 'c1'));
  await node.nothingLeft(t);
});
