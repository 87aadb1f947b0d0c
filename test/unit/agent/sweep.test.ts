import { test } from 'tap';
import { createSweeper } from '../../../lib/agent/sweep.ts';
import { networkEndpoints } from '../../../lib/api/network-endpoint.ts';
import { keyOf } from '../../../lib/store/attachment.ts';
import { startAgent, type TestAgent } from './test-agent.ts';

const sweeperOf = ({ agent, client }: TestAgent) => createSweeper(agent.parts, client);
const claims = async (node: TestAgent) => (await node.endpoints()).map((one) => one.metadata.name).toSorted();

async function claimBy(node: TestAgent, nodeName: string, address: string): Promise<void> {
  const labels = { 'warren.dev/network': 'blue', 'warren.dev/node': nodeName };
  const spec = { network: 'blue', addresses: [`${address}/24`], mac: '02:00:00:00:00:01', nodeName, interface: 'net1' };
  const body = { metadata: { name: `blue.${address}`, labels }, spec: { ...spec, containerID: 'lost' } };
  await node.api.client.create(networkEndpoints, body);
}

void test('a claim of this node without an attachment goes when it is met twice; no other does', async (t) => {
  const node = await startAgent(t);
  await node.call('ADD', 'c1', await node.pod('web', 'blue'));
  await claimBy(node, 'n1', '10.0.0.77');
  await claimBy(node, 'n2', '10.0.0.78');
  const sweeper = sweeperOf(node);
  const all = ['blue.10.0.0.2', 'blue.10.0.0.77', 'blue.10.0.0.78'];
  await sweeper.sweep();
  t.strictSame(await claims(node), all, 'once may be an ADD under way');
  await sweeper.sweep();
  t.strictSame(await claims(node), ['blue.10.0.0.2', 'blue.10.0.0.78']);
  await claimBy(node, 'n1', '10.0.0.77');
  await sweeper.sweep();
  t.strictSame(await claims(node), all, 'a new claim of that name was not met before');
});

void test('a claim that an ADD takes up between two rounds stays', async (t) => {
  const node = await startAgent(t);
  const args = await node.pod('web', '[{"name":"blue","ips":["10.0.0.9"]}]');
  await node.call('ADD', 'c1', args);
  const [attachment] = node.journal.list();
  await node.journal.remove(keyOf(attachment!));
  const sweeper = sweeperOf(node);
  await sweeper.sweep();
  const [sweeping, added] = await Promise.all([sweeper.sweep(), node.call('ADD', 'c1', args)]);
  t.equal(sweeping, undefined);
  t.equal(added.exitCode, 0, JSON.stringify(added.said));
  const [found] = await node.endpoints();
  const held = node.journal.list().flatMap((one) => one.interfaces.map(({ on }) => on));
  t.match(held, [{ kind: 'gateway' }, { endpointUID: found?.metadata.uid }], 'what the container has is claimed');
});

void test('the attachment of a container that vanished is released when it is met twice', async (t) => {
  const node = await startAgent(t);
  for (const name of ['c1', 'c2']) await node.call('ADD', name, await node.pod(name, 'blue'));
  vanish(node, '/run/netns/c1');
  const sweeper = sweeperOf(node);
  await sweeper.sweep();
  t.equal(node.journal.list().length, 2);
  await sweeper.sweep();
  await node.agent.parts.releases.idle();
  t.match(node.journal.list(), [{ containerID: 'c2' }]);
  t.equal((await claims(node)).length, 1);
  await node.call('DEL', 'c2');
  await node.nothingLeft(t);
});

/** With a namespace go the devices in it, and with them their peers. */
function vanish(node: TestAgent, netns: `/${string}`): void {
  node.vanished.add(netns);
  for (const object of node.kernel.objects())
    if (object.kind === 'veth' && object.peer.netns === netns) node.kernel.byHand({ kind: 'delete', object });
}

void test('a namespace that only we cannot see still has its devices: its container lives', async (t) => {
  const node = await startAgent(t);
  await node.call('ADD', 'c1', await node.pod('web', 'blue'));
  node.vanished.add('/run/netns/c1');
  const sweeper = sweeperOf(node);
  for (let round = 0; round < 3; round++) await sweeper.sweep();
  t.match(node.journal.list(), [{ state: 'attached' }]);
  t.equal((await claims(node)).length, 1);
});

void test('a container that came back between two rounds is left alone', async (t) => {
  const node = await startAgent(t);
  const args = await node.pod('web', 'blue');
  await node.call('ADD', 'c1', args);
  vanish(node, '/run/netns/c1');
  const sweeper = sweeperOf(node);
  await sweeper.sweep();
  await node.call('DEL', 'c1');
  node.vanished.clear();
  const [, added] = await Promise.all([sweeper.sweep(), node.call('ADD', 'c1', args)]);
  t.equal(added.exitCode, 0, JSON.stringify(added.said));
  t.equal((await node.call('CHECK', 'c1', args)).exitCode, 0);
});

void test('without an API server a round fails, and a later one does its work', async (t) => {
  const node = await startAgent(t);
  await claimBy(node, 'n1', '10.0.0.77');
  const sweeper = sweeperOf(node);
  await sweeper.sweep();
  node.api.faults.add({ kind: 'refuse' });
  await t.rejects(sweeper.sweep(), { name: 'ApiError' });
  node.api.faults.clear();
  await sweeper.sweep();
  t.strictSame(await claims(node), []);
});
