// Networks: what a user who creates, uses and deletes them finds in their status.
import { test } from 'tap';
import { events } from '../../../lib/api/event.ts';
import { FINALIZER_IN_USE } from '../../../lib/api/meta.ts';
import { networkEndpoints } from '../../../lib/api/network-endpoint.ts';
import { networks } from '../../../lib/api/network.ts';
import { findCondition } from '../../../lib/kube/status.ts';
import { definitionsWithoutRules, eventually } from '../api-server.ts';
import { isReady, startCluster, subnetsOf } from './cluster.ts';

test('a Network without a subnet gets one from the pool, a VNI and a gateway, and becomes ready', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/8', 24);
  cluster.controller();
  await cluster.network('blue');
  const blue = await cluster.whenNetwork('blue', 'Ready', 'True');
  t.match(blue, {
    metadata: { finalizers: [FINALIZER_IN_USE] },
    status: {
      subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.1' }],
      vni: 4097,
      endpoints: 0,
      nodes: 0,
      available: 253,
      observedGeneration: blue.metadata.generation,
    },
  });
  t.same(
    blue.status.conditions?.map(({ type, status, observedGeneration }) => [type, status, observedGeneration]),
    [
      ['Accepted', 'True', 1],
      ['Allocated', 'True', 1],
      ['Ready', 'True', 1],
    ],
  );
  const holder = { kind: 'Network', name: 'blue', uid: blue.metadata.uid };
  t.match(
    (await cluster.claims()).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
    [
      { metadata: { name: 'subnet.10.0.0.0.24' }, spec: { value: '10.0.0.0/24', pool: 'default', holder } },
      { metadata: { name: 'vni.4097' }, spec: { value: '4097', holder } },
    ],
  );
  const found = await eventually(
    () => cluster.client.list(events),
    ({ items }) => items.length > 0,
  );
  t.match(found.items, [{ type: 'Normal', reason: 'Allocated', involvedObject: { kind: 'Network', name: 'blue' } }]);
});

test('a subnet, gateway, VNI and MTU of the user’s own are honoured', async (t) => {
  const cluster = await startCluster(t);
  cluster.controller();
  const reserved = { router: '10.9.0.1', printer: '10.9.0.2' };
  await cluster.network('own', { subnets: [{ cidr: '10.8.0.0/24', gateway: '10.8.0.254' }], vni: 7777, mtu: 1400 });
  await cluster.network('reserved', { subnets: [{ cidr: '10.9.0.0/24', ipRange: '10.9.0.128/25', reserved }] });
  t.match((await cluster.whenNetwork('own', 'Ready', 'True')).status, {
    subnets: [{ cidr: '10.8.0.0/24', gateway: '10.8.0.254' }],
    vni: 7777,
    mtu: 1400,
  });
  t.match((await cluster.whenNetwork('reserved', 'Ready', 'True')).status, {
    subnets: [{ cidr: '10.9.0.0/24', gateway: '10.9.0.3', ipRange: '10.9.0.128/25', reserved }],
    available: 127,
  });
  t.same(
    (await cluster.claims()).filter(({ spec }) => spec.value.includes('/')),
    [],
    'own subnets need no claim',
  );
});

test('two networks may name the same subnet; pools skip it', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/8', 24);
  const own = { subnets: [{ cidr: '10.0.0.0/23' }] };
  await cluster.network('one', own);
  await cluster.network('two', own);
  cluster.controller();
  await cluster.network('pooled');
  const all = await cluster.whenNetworks((list) => list.length === 3 && list.every(isReady));
  t.same(all.map(subnetsOf).sort(), [['10.0.0.0/23'], ['10.0.0.0/23'], ['10.0.2.0/24']]);
  t.equal(new Set(all.map(({ status }) => status.vni)).size, 3);
});

test('pools of both families give a subnet of each', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('four', '10.0.0.0/16', 24);
  await cluster.pool('six', 'fd00::/48', 64);
  cluster.controller();
  await cluster.network('dual');
  const dual = await cluster.whenNetwork('dual', 'Ready', 'True');
  t.same(dual.status.subnets, [
    { cidr: '10.0.0.0/24', gateway: '10.0.0.1' },
    { cidr: 'fd00::/64', gateway: 'fd00::1' },
  ]);
});

test('a subnet can be added to a network; those in use stay', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/8', 24);
  cluster.controller();
  await cluster.network('grows');
  await cluster.whenNetwork('grows', 'Ready', 'True');
  await cluster.client.patch(networks, 'grows', { spec: { subnets: [{ cidr: '10.50.0.0/16' }] } });
  const grown = await eventually(
    () => cluster.client.get(networks, 'grows'),
    (network) => subnetsOf(network).length === 2,
  );
  t.same(subnetsOf(grown), ['10.0.0.0/24', '10.50.0.0/16']);
  t.equal(grown.status.observedGeneration, 2);
});

test('what cannot be carried out is refused by a condition that says what to write', async (t) => {
  const cluster = await startCluster(t, definitionsWithoutRules);
  await cluster.pool('default', '10.0.0.0/8', 24);
  cluster.controller();
  const cidr = '10.1.0.0/24';
  const cases: [string, object, string, RegExp][] = [
    ['encrypted', { encrypted: true }, 'NotSupportedYet', /spec\.encrypted: this version cannot provide encryption/],
    ['internal', { internal: true }, 'NotSupportedYet', /spec\.internal/],
    ['ingress', { ingress: true }, 'NotSupportedYet', /spec\.ingress/],
    ['multicast', { multicast: true }, 'NotSupportedYet', /spec\.multicast/],
    [
      'overlap',
      { subnets: [{ cidr }, { cidr: '10.1.0.0/16' }] },
      'InvalidSubnet',
      /spec\.subnets\[1\]\.cidr: 10\.1\.0\.0\/16 overlaps/,
    ],
    ['gateway', { subnets: [{ cidr, gateway: '10.2.0.1' }] }, 'InvalidSubnet', /gateway: 10\.2\.0\.1 is not in 10\.1/],
    ['range', { subnets: [{ cidr, ipRange: '10.0.0.0/8' }] }, 'InvalidSubnet', /ipRange: 10\.0\.0\.0\/8 is not in/],
    [
      'reserved',
      { subnets: [{ cidr, reserved: { dns: '10.2.0.9' } }] },
      'InvalidSubnet',
      /dns \(10\.2\.0\.9\) is not in/,
    ],
    [
      'twice',
      { subnets: [{ cidr, gateway: '10.1.0.1', reserved: { dns: '10.1.0.1' } }] },
      'InvalidSubnet',
      /the gateway and dns are both 10\.1\.0\.1/,
    ],
  ];
  for (const [name, spec, reason, message] of cases) {
    await cluster.network(name, spec);
    const network = await cluster.whenNetwork(name, 'Accepted', 'False', reason);
    t.match(findCondition(network.status.conditions, 'Accepted')?.message, message, name);
    t.match(findCondition(network.status.conditions, 'Ready'), { status: 'False', reason });
    t.same([network.status.vni, network.status.subnets], [undefined, undefined], 'it must not come up');
  }
  t.same(await cluster.claims(), []);
  await cluster.client.patch(networks, 'encrypted', { spec: { encrypted: false } });
  await cluster.whenNetwork('encrypted', 'Ready', 'True');
});

test('a VNI that another network holds is refused, and given as soon as it is free', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/8', 24);
  cluster.controller();
  await cluster.network('first', { vni: 5000 });
  await cluster.whenNetwork('first', 'Ready', 'True');
  await cluster.network('second', { vni: 5000 });
  const second = await cluster.whenNetwork('second', 'Allocated', 'False', 'VNITaken');
  t.match(findCondition(second.status.conditions, 'Ready')?.message, /VNI 5000 is held by Network "first"/);
  t.equal(second.status.vni, undefined);
  await cluster.client.delete(networks, 'first');
  t.equal((await cluster.whenNetwork('second', 'Ready', 'True')).status.vni, 5000);
});

test('the VNI in use is not exchanged', async (t) => {
  const cluster = await startCluster(t, definitionsWithoutRules);
  await cluster.pool('default', '10.0.0.0/8', 24);
  cluster.controller();
  await cluster.network('blue');
  await cluster.whenNetwork('blue', 'Ready', 'True');
  await cluster.client.patch(networks, 'blue', { spec: { vni: 9000 } });
  const changed = await cluster.whenNetwork('blue', 'Accepted', 'False', 'Immutable');
  t.equal(changed.status.vni, 4097);
  await cluster.client.patch(networks, 'blue', { spec: { vni: null } });
  await cluster.whenNetwork('blue', 'Ready', 'True');
});

test('status counts endpoints, nodes and what is left', async (t) => {
  const cluster = await startCluster(t);
  cluster.controller();
  await cluster.network('blue', { subnets: [{ cidr: '10.0.0.0/24', ipRange: '10.0.0.128/25' }] });
  await cluster.whenNetwork('blue', 'Ready', 'True');
  await cluster.endpoint('blue', '10.0.0.130', 'n1');
  await cluster.endpoint('blue', '10.0.0.131', 'n2');
  await cluster.endpoint('blue', '10.0.0.5', 'n2');
  const used = await cluster.whenNetworks(([network]) => network?.status.endpoints === 3);
  t.match(used[0]?.status, { endpoints: 3, nodes: 2, available: 125 }, 'one has an address outside of the range');
  await cluster.client.delete(networkEndpoints, 'blue.10.0.0.130');
  const less = await cluster.whenNetworks(([network]) => network?.status.endpoints === 2);
  t.match(less[0]?.status, { nodes: 1, available: 126 });
});

test('a network’s status is not written more than a few times a second', async (t) => {
  const cluster = await startCluster(t);
  cluster.controller();
  await cluster.network('busy', { subnets: [{ cidr: '10.0.0.0/24' }] });
  const before = await cluster.whenNetwork('busy', 'Ready', 'True');
  const start = performance.now();
  for (let i = 2; i < 102; i++) await cluster.endpoint('busy', `10.0.0.${i}`, `n${i % 3}`);
  const after = await cluster.whenNetworks(([network]) => network?.status.endpoints === 100);
  const seconds = (performance.now() - start) / 1000;
  t.match(after[0]?.status, { nodes: 3, available: 153 });
  // Each endpoint takes one version, and so does each write of the status.
  const versions = Number(after[0]?.metadata.resourceVersion) - Number(before.metadata.resourceVersion) - 100;
  t.ok(versions <= 5 * seconds + 3, `${versions} other writes in ${seconds.toFixed(2)} s`);
});

test('a deleted Network in use stays and names who uses it; with its last endpoint it goes and everything is free', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/24', 24);
  cluster.controller();
  await cluster.network('blue');
  await cluster.whenNetwork('blue', 'Ready', 'True');
  for (const last of [2, 3, 4, 5]) await cluster.endpoint('blue', `10.0.0.${last}`, 'n1');
  await cluster.whenNetworks(([network]) => network?.status.endpoints === 4);
  await cluster.client.delete(networks, 'blue');
  const held = await cluster.whenNetwork('blue', 'Ready', 'False', 'InUse');
  t.match(
    findCondition(held.status.conditions, 'Ready')?.message,
    /in use by pod default\/pod-10\.0\.0\.\d on node n1, .* and 1 more: remove them/,
  );
  t.equal((await cluster.claims()).length, 2);
  for (const last of [2, 3, 4, 5]) await cluster.client.delete(networkEndpoints, `blue.10.0.0.${last}`);
  await cluster.whenNetworks((all) => all.length === 0);
  await cluster.whenClaims((all) => all.length === 0);
  await cluster.network('green');
  t.same(subnetsOf(await cluster.whenNetwork('green', 'Ready', 'True')), ['10.0.0.0/24']);
});

test('status and claims that were deleted or edited by hand come back as they were', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/8', 24);
  cluster.controller();
  await cluster.network('blue');
  await cluster.network('green');
  const before = await cluster.whenNetworks((all) => all.length === 2 && all.every(isReady));
  await cluster.client.patch(networks, 'blue', { status: null }, { subresource: 'status' });
  const repaired = await cluster.whenNetwork('blue', 'Ready', 'True');
  const blue = before.find(({ metadata }) => metadata.name === 'blue')!;
  t.same([subnetsOf(repaired), repaired.status.vni], [subnetsOf(blue), blue.status.vni]);

  const claims = await cluster.claims();
  for (const claim of claims)
    await cluster.client.delete({ ...networks, plural: 'networkclaims' }, claim.metadata.name);
  const again = await cluster.whenClaims((all) => all.length === 4);
  t.same(again.map(({ spec }) => spec).sort(byValue), claims.map(({ spec }) => spec).sort(byValue), 'the same values');
});
const byValue = (a: { value: string }, b: { value: string }): number => (a.value < b.value ? -1 : 1);
