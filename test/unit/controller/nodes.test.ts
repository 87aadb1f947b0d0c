// Nodes: their NodePeers and gateway subnets.
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { events } from '../../../lib/api/event.ts';
import { nodes, pods } from '../../../lib/api/core.ts';
import { networkEndpoints } from '../../../lib/api/network-endpoint.ts';
import { nodePeers } from '../../../lib/api/node-peer.ts';
import { eventually } from '../api-server.ts';
import { isReady, startCluster, subnetsOf } from './cluster.ts';

test('each node gets a NodePeer that belongs to it and a subnet of the gateway pool', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('gateway', '172.20.0.0/14', 24, 'gateway');
  await cluster.pool('default', '10.0.0.0/8', 24);
  cluster.controller();
  const made = await Promise.all(['n1', 'n2', 'n3'].map((name) => cluster.node(name)));
  const peers = await eventually(
    () => cluster.peers(),
    (all) => all.length === 3 && all.every(({ spec }) => spec.gatewaySubnets.length === 1),
  );
  t.same(peers.flatMap(({ spec }) => spec.gatewaySubnets).sort(), ['172.20.0.0/24', '172.20.1.0/24', '172.20.2.0/24']);
  for (const { metadata } of made) {
    const peer = peers.find((one) => one.metadata.name === metadata.name);
    t.match(peer?.metadata.ownerReferences, [
      { apiVersion: 'v1', kind: 'Node', name: metadata.name, uid: metadata.uid },
    ]);
  }
});

test('pod CIDRs that Kubernetes assigned are used, one of each family, and networks keep off them', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('gateway', '172.20.0.0/14', 24, 'gateway');
  await cluster.pool('default', '10.244.0.0/16', 24);
  await cluster.node('n1', ['10.244.0.0/24', 'fd00:1::/64']);
  cluster.controller();
  const peer = await cluster.whenPeer('n1', ({ spec }) => spec.gatewaySubnets.length > 0);
  t.same(peer.spec.gatewaySubnets, ['10.244.0.0/24', 'fd00:1::/64']);
  await cluster.network('blue');
  t.match((await cluster.whenNetwork('blue', 'Ready', 'True')).status, { subnets: [{ cidr: '10.244.1.0/24' }] });
  t.same(
    (await cluster.claims()).filter(({ spec }) => spec.holder.kind === 'NodePeer'),
    [],
  );
});

test('where Kubernetes assigns pod CIDRs, a node that has none yet waits for its own', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('gateway', '172.20.0.0/14', 24, 'gateway');
  await cluster.node('n1', ['10.244.0.0/24']);
  cluster.controller();
  await cluster.whenPeer('n1', ({ spec }) => spec.gatewaySubnets.length === 1);
  await cluster.node('n2');
  const seen = await eventually(
    () => cluster.client.list(events),
    ({ items }) => items.length > 0,
  );
  t.match(seen.items, [{ type: 'Warning', reason: 'WaitingForPodCIDR', involvedObject: { kind: 'Node', name: 'n2' } }]);
  await cluster.client.patch(nodes, 'n2', { spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] } });
  const peer = await cluster.whenPeer('n2', ({ spec }) => spec.gatewaySubnets.length > 0);
  t.same(peer.spec.gatewaySubnets, ['10.244.1.0/24']);
});

test('a subnet that an agent uses is not exchanged when pod CIDRs come later', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('gateway', '172.20.0.0/14', 24, 'gateway');
  const controller = cluster.controller();
  for (const name of ['used', 'unused']) {
    await cluster.node(name);
    await cluster.whenPeer(name, ({ spec }) => spec.gatewaySubnets.length === 1);
  }
  await cluster.client.patch(nodePeers, 'used', { status: { incarnation: 'i-1' } }, { subresource: 'status' });
  for (const [index, name] of ['used', 'unused'].entries()) {
    const podCIDR = `10.244.${index}.0/24`;
    await cluster.client.patch(nodes, name, { spec: { podCIDR, podCIDRs: [podCIDR] } });
  }
  const unused = await cluster.whenPeer('unused', ({ spec }) => spec.gatewaySubnets[0] === '10.244.1.0/24');
  t.ok(unused, 'nothing used it yet');
  await controller.idle();
  t.same((await cluster.client.get(nodePeers, 'used')).spec.gatewaySubnets, ['172.20.0.0/24']);
  await cluster.whenClaims((all) => all.length === 1);
});

test('a NodePeer goes with its Node and frees its subnet', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('gateway', '172.20.0.0/24', 24, 'gateway');
  cluster.controller();
  await cluster.node('n1');
  await cluster.whenPeer('n1', ({ spec }) => spec.gatewaySubnets.length === 1);
  await cluster.node('n2');
  const refused = await eventually(
    () => cluster.client.list(events),
    ({ items }) => items.length > 0,
  );
  t.match(refused.items, [{ reason: 'PoolExhausted', involvedObject: { name: 'n2' } }]);
  await cluster.client.delete(nodes, 'n1');
  const peer = await cluster.whenPeer('n2', ({ spec }) => spec.gatewaySubnets.length === 1);
  t.same(peer.spec.gatewaySubnets, ['172.20.0.0/24']);
  t.same(
    (await cluster.peers()).map(({ metadata }) => metadata.name),
    ['n2'],
  );
});

test('a node that is deleted and comes back under its name has a NodePeer again', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('gateway', '172.20.0.0/14', 24, 'gateway');
  cluster.controller();
  await cluster.node('n1');
  await cluster.whenPeer('n1', ({ spec }) => spec.gatewaySubnets.length === 1);
  for (let i = 0; i < 5; i++) {
    await cluster.client.delete(nodes, 'n1');
    const { uid } = (await cluster.node('n1')).metadata;
    const peer = await cluster.whenPeer('n1', ({ metadata, spec }) => {
      return metadata.ownerReferences?.[0]?.uid === uid && spec.gatewaySubnets.length === 1;
    });
    t.equal(peer.metadata.name, 'n1');
  }
  await cluster.whenClaims((all) => all.length === 1);
});

test('endpoints of a node that is gone go after the grace period; of one that comes back they stay', async (t) => {
  const cluster = await startCluster(t);
  cluster.controller({ endpointGraceMs: 1000 });
  for (const node of ['gone', 'back', 'stays']) await cluster.node(node);
  await cluster.network('blue', { subnets: [{ cidr: '10.0.0.0/24' }] });
  await cluster.endpoint('blue', '10.0.0.2', 'gone');
  await cluster.endpoint('blue', '10.0.0.3', 'back');
  await cluster.endpoint('blue', '10.0.0.4', 'stays');
  await cluster.whenNetworks(([network]) => network?.status.endpoints === 3);
  const start = performance.now();
  await cluster.client.delete(nodes, 'gone');
  await cluster.client.delete(nodes, 'back');
  await cluster.node('back');
  await cluster.whenNetworks(([network]) => network?.status.endpoints === 2);
  t.ok(performance.now() - start >= 1000, 'not before the grace period is over');
  const { items } = await cluster.client.list(networkEndpoints);
  t.same(items.map(({ spec }) => spec.nodeName).sort(), ['back', 'stays']);
});

test('a node’s address that changes is one that pools keep off from then on', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/16', 24);
  cluster.controller();
  await cluster.node('n1');
  const move = (address: string) =>
    cluster.client.patch(
      nodes,
      'n1',
      { status: { addresses: [{ type: 'InternalIP', address }] } },
      { subresource: 'status' },
    );
  await move('10.0.0.10');
  await move('10.0.1.10');
  await cluster.network('first');
  await cluster.network('second');
  const both = await cluster.whenNetworks((all) => all.length === 2 && all.every(isReady));
  t.same(both.flatMap(subnetsOf).sort(), ['10.0.0.0/24', '10.0.2.0/24']);
});

test('endpoints whose Pod is gone go when the agent says that it does not use them, and not before', async (t) => {
  const cluster = await startCluster(t);
  const { client } = cluster;
  cluster.controller({ endpointGraceMs: 200 });
  await cluster.network('blue', { subnets: [{ cidr: '10.0.0.0/24' }] });
  await cluster.node('n1');
  await cluster.whenPeer('n1', () => true);
  const says = (networks: readonly string[]) =>
    client.patch(nodePeers, 'n1', { status: { incarnation: 'i-1', networks } }, { subresource: 'status' });
  const pod = { metadata: { name: 'alive' }, spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] } };
  const alive = await client.create(pods, pod, { namespace: 'default' });
  const left = async () => (await client.list(networkEndpoints)).items.map(({ metadata }) => metadata.name);
  const of = (address: string, name: string, uid: string) =>
    cluster.endpoint('blue', address, 'n1', { namespace: 'default', name, uid });
  await says(['blue']);
  await of('10.0.0.2', 'alive', alive.metadata.uid);
  await of('10.0.0.3', 'alive', 'an earlier one of that name');
  await of('10.0.0.4', 'gone', 'gone');
  // Longer than the grace period, and long enough for the collector to have looked several times.
  await sleep(1000);
  t.equal((await left()).length, 3, 'its container may still run');
  await says([]);
  t.same(await eventually(left, (names) => names.length === 1), ['blue.10.0.0.2']);
});
