// Subnets that overlap something else: allowed, but said in a condition, an event and what kubectl shows.
import { test } from 'tap';
import { nodes } from '../../../lib/api/core.ts';
import { events } from '../../../lib/api/event.ts';
import { networks } from '../../../lib/api/network.ts';
import { nodePeers } from '../../../lib/api/node-peer.ts';
import { listServiceRanges } from '../../../lib/controller/service-ranges.ts';
import { ApiError } from '../../../lib/kube/error.ts';
import { findCondition } from '../../../lib/kube/status.ts';
import { eventually } from '../api-server.ts';
import { startCluster, subnetsOf, type TestCluster } from './cluster.ts';

const named = (cidr: string) => ({ subnets: [{ cidr }] });

const place = (cluster: TestCluster, node: string, address: string) =>
  cluster.client.patch(
    nodes,
    node,
    { status: { addresses: [{ type: 'InternalIP', address }] } },
    { subresource: 'status' },
  );

test('a subnet that holds a node’s address is allowed, and says so until the node is elsewhere', async (t) => {
  const cluster = await startCluster(t);
  cluster.controller();
  await cluster.node('n1');
  await place(cluster, 'n1', '192.168.7.10');
  await cluster.network('blue', named('192.168.0.0/16'));
  const blue = await cluster.whenNetwork('blue', 'Overlap', 'True', 'OverlapsNode');
  const message = /subnet 192\.168\.0\.0\/16 overlaps 192\.168\.7\.10, an address of node n1: .* another subnet/;
  t.match(findCondition(blue.status.conditions, 'Ready'), { status: 'True', reason: 'OverlapsNode', message });
  const found = await eventually(
    () => cluster.client.list(events, { fieldSelector: 'reason=OverlapsNode' }),
    ({ items }) => items.length > 0,
  );
  t.match(found.items, [{ type: 'Warning', message, involvedObject: { kind: 'Network', name: 'blue' } }]);
  await place(cluster, 'n1', '172.16.0.1');
  const free = await cluster.whenNetwork('blue', 'Overlap', 'False', 'None');
  t.match(findCondition(free.status.conditions, 'Ready'), { status: 'True', reason: 'Ready' });
});

test('a node that comes later is found, as is the address of its tunnel', async (t) => {
  const cluster = await startCluster(t);
  cluster.controller();
  await cluster.network('blue', named('10.9.0.0/24'));
  await cluster.whenNetwork('blue', 'Ready', 'True', 'Ready');
  await cluster.node('late');
  await cluster.whenPeer('late', () => true);
  await cluster.client.patch(nodePeers, 'late', { status: { vteps: ['10.9.0.77'] } }, { subresource: 'status' });
  await cluster.whenNetwork('blue', 'Overlap', 'True', 'OverlapsNode');
});

test('two networks with overlapping subnets hear of each other; when one goes the other is told', async (t) => {
  const cluster = await startCluster(t);
  cluster.controller();
  await cluster.network('one', named('10.1.0.0/16'));
  await cluster.whenNetwork('one', 'Ready', 'True', 'Ready');
  await cluster.network('two', named('10.1.2.0/24'));
  const two = await cluster.whenNetwork('two', 'Ready', 'True', 'OverlapsNetwork');
  t.match(
    findCondition(two.status.conditions, 'Overlap')?.message,
    /10\.1\.2\.0\/24 overlaps 10\.1\.0\.0\/16 of Network "one"/,
  );
  await cluster.whenNetwork('one', 'Ready', 'True', 'OverlapsNetwork');
  await cluster.client.delete(networks, 'two');
  await cluster.whenNetwork('one', 'Ready', 'True', 'Ready');
});

test('a subnet from a pool keeps off nodes, pods and what other networks name', async (t) => {
  const cluster = await startCluster(t);
  await cluster.node('n1', ['10.0.1.0/24']);
  await place(cluster, 'n1', '10.0.0.10');
  await cluster.network('own', named('10.0.2.0/24'));
  await cluster.pool('default', '10.0.0.0/16', 24);
  cluster.controller();
  await cluster.network('pooled');
  const pooled = await cluster.whenNetwork('pooled', 'Ready', 'True', 'Ready');
  t.same(subnetsOf(pooled), ['10.0.3.0/24']);
});

test('ranges of Services: those of the server; none where it has no such kind or lets us not see it', async (t) => {
  const cluster = await startCluster(t);
  t.same(await listServiceRanges(cluster.client), new Map(), 'the embedded server does not serve the kind');
  const answering = (status: number, reason: string) =>
    listServiceRanges({
      ...cluster.client,
      list: () => Promise.reject(new ApiError({ status, reason, message: 'no' })),
    });
  t.same(await answering(403, 'Forbidden'), new Map());
  await t.rejects(answering(503, 'ServiceUnavailable'));
});

test('the MTU in status is what the spec says, unless the smallest underlay leaves less', async (t) => {
  const cluster = await startCluster(t);
  const controller = cluster.controller();
  await cluster.network('auto', named('10.1.0.0/24'));
  await cluster.network('small', { ...named('10.2.0.0/24'), mtu: 1300 });
  await cluster.network('large', { ...named('10.3.0.0/24'), mtu: 8900 });
  await cluster.whenNetworks((all) => all.length === 3 && all.every(({ status }) => status.vni !== undefined));
  const mtus = (await cluster.networks()).map(({ metadata, status }) => [metadata.name, status.mtu]);
  t.same(Object.fromEntries(mtus), { auto: undefined, small: 1300, large: 8900 }, 'no node has said anything yet');
  const underlay = async (node: string, underlayMTU: number, vtep: string) => {
    await cluster.node(node);
    await cluster.whenPeer(node, () => true);
    await cluster.client.patch(nodePeers, node, { status: { underlayMTU, vteps: [vtep] } }, { subresource: 'status' });
  };
  await underlay('n1', 9000, '192.0.2.1');
  await underlay('n2', 1500, 'fd00:192::2');
  const all = await cluster.whenNetworks((list) => list.every(({ status }) => (status.mtu ?? 9000) <= 1430));
  const now = all.map(({ metadata, status }) => [metadata.name, status.mtu]);
  t.same(Object.fromEntries(now), { auto: 1430, small: 1300, large: 1430 });
  await controller.idle();
});
