// Pools: how they are used up, extended and removed.
import { test } from 'tap';
import { addressPools } from '../../../lib/api/address-pool.ts';
import { type Network, networks } from '../../../lib/api/network.ts';
import { findCondition } from '../../../lib/kube/status.ts';
import { definitionsWithoutRules } from '../api-server.ts';
import { isReady, startCluster, subnetsOf } from './cluster.ts';

const reasonOf = ({ status }: Network): string | undefined => findCondition(status.conditions, 'Ready')?.reason;

test('a /16 of /24s serves exactly 256 networks; the next one says why not, and gets its subnet when one is deleted', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('sixteen', '10.20.0.0/16', 24);
  cluster.controller();
  for (let i = 0; i < 256; i++) await cluster.network(`net-${i}`);
  const full = await cluster.whenNetworks((all) => all.length === 256 && all.every(isReady));
  t.equal(new Set(full.flatMap(subnetsOf)).size, 256);
  t.equal(new Set(full.map(({ status }) => status.vni)).size, 256);
  const pool = await cluster.whenPool('sixteen', ({ status }) => status.used === 256);
  t.match(pool.status, { total: 256, used: 256, free: 0 });
  t.match(findCondition(pool.status.conditions, 'Available'), { status: 'False', reason: 'Exhausted' });

  await cluster.network('one-too-many');
  const waiting = await cluster.whenNetwork('one-too-many', 'Allocated', 'False', 'PoolExhausted');
  t.match(
    findCondition(waiting.status.conditions, 'Ready')?.message,
    /no free subnet is left in "sixteen" \(10\.20\.0\.0\/16 in \/24\): add an AddressPool/,
  );
  t.same([waiting.status.subnets, waiting.status.vni], [undefined, undefined]);

  const freed = full.find(({ metadata }) => metadata.name === 'net-100')!;
  await cluster.client.delete(networks, 'net-100');
  t.same(subnetsOf(await cluster.whenNetwork('one-too-many', 'Ready', 'True')), subnetsOf(freed));
});

test('a pool that is added serves networks that wait, and later ones when the first is full', async (t) => {
  const cluster = await startCluster(t);
  cluster.controller();
  await cluster.network('early');
  const early = await cluster.whenNetwork('early', 'Allocated', 'False', 'NoPool');
  t.match(findCondition(early.status.conditions, 'Ready')?.message, /no AddressPool to take a subnet from/);
  await cluster.pool('tiny', '10.1.0.0/24', 24);
  t.same(subnetsOf(await cluster.whenNetwork('early', 'Ready', 'True')), ['10.1.0.0/24']);
  await cluster.network('next');
  await cluster.whenNetwork('next', 'Allocated', 'False', 'PoolExhausted');
  await cluster.pool('more', '10.2.0.0/16', 26);
  t.same(subnetsOf(await cluster.whenNetwork('next', 'Ready', 'True')), ['10.2.0.0/26']);
});

test('a deleted pool gives nothing more and stays until its subnets are free', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('old', '10.1.0.0/16', 24);
  cluster.controller();
  await cluster.network('blue');
  await cluster.whenNetwork('blue', 'Ready', 'True');
  await cluster.whenPool('old', ({ status }) => status.used === 1);
  await cluster.client.delete(addressPools, 'old');
  const held = await cluster.whenPool('old', ({ status }) => {
    return findCondition(status.conditions, 'Available')?.reason === 'InUse';
  });
  t.match(findCondition(held.status.conditions, 'Available')?.message, /in use by Network "blue"/);
  await cluster.network('green');
  await cluster.whenNetwork('green', 'Allocated', 'False', 'NoPool');
  await cluster.client.delete(networks, 'blue');
  await cluster.whenNetworks((all) => all.length === 1);
  await t.rejects(
    cluster.whenPool('old', () => false),
    { message: /"old" not found/ },
    'it goes',
  );
});

test('a pool that nobody uses goes at once', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('unused', '10.1.0.0/16', 24);
  cluster.controller();
  await cluster.whenPool('unused', ({ status }) => status.total === 256);
  await cluster.client.delete(addressPools, 'unused');
  await t.rejects(
    cluster.whenPool('unused', () => false),
    { message: /"unused" not found/ },
  );
});

test('a pool that cannot be cut says so and serves nobody', async (t) => {
  const cluster = await startCluster(t, definitionsWithoutRules);
  await cluster.pool('backwards', '10.1.0.0/24', 16);
  cluster.controller();
  const pool = await cluster.whenPool('backwards', ({ status }) => status.conditions !== undefined);
  t.match(findCondition(pool.status.conditions, 'Accepted'), {
    status: 'False',
    message: 'spec.prefixLength: 10.1.0.0/24 cannot be cut into /16: write 24 to 29',
  });
  await cluster.network('blue');
  await cluster.whenNetwork('blue', 'Allocated', 'False', 'NoPool');
});

test('usage counts what networks name themselves inside the pool', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/16', 24);
  cluster.controller();
  await cluster.network('own', { subnets: [{ cidr: '10.0.4.0/23' }] });
  await cluster.network('pooled');
  const pool = await cluster.whenPool('default', ({ status }) => status.used === 3);
  t.match(pool.status, { total: 256, used: 3, free: 253 });
});

test('a pool that is extended serves those that wait', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('grows', '10.2.0.0/24', 25);
  cluster.controller();
  for (const name of ['one', 'two', 'three']) await cluster.network(name);
  await cluster.whenNetworks((all) => all.filter(isReady).length === 2);
  const waiting = await cluster.whenNetworks((all) => all.some((network) => reasonOf(network) === 'PoolExhausted'));
  const { name } = waiting.find((network) => reasonOf(network) === 'PoolExhausted')!.metadata;
  await cluster.client.patch(addressPools, 'grows', { spec: { cidr: '10.2.0.0/23' } });
  t.same(subnetsOf(await cluster.whenNetwork(name, 'Ready', 'True')), ['10.2.1.0/25']);
  const pool = await cluster.whenPool('grows', ({ status }) => status.used === 3);
  t.match(pool.status, { total: 4, free: 1 });
});
