// What a driver finds that has made none of it: after a restart, after a crash, after a hand at the kernel.
import { NETNS_DIR, addNetns, ip, run } from './fresh-netns.ts';
import { type Test, test } from 'tap';
import type { KernelObject, NetnsRef } from '../../lib/dataplane/object.ts';
import { plan } from '../../lib/dataplane/plan.ts';
import { ifName, netns, sample as drawn, sandbox, toMac } from '../unit/dataplane/sample.ts';
import { converge, creations, failures, observeAll, openTestKernel, runIn } from './kernel.ts';

const sample = { ...drawn, bridge: { ...drawn.bridge, mac: toMac('02:42:0a:00:00:01') } };
const inNetwork: readonly KernelObject[] = Object.values(sample).filter(({ kind }) => kind !== 'sysctl');
const places: readonly NetnsRef[] = ['host', netns, sandbox];

function withContainer(t: Test): void {
  addNetns('c1');
  t.teardown(() => ip('netns', 'delete', 'c1'));
}

test('a new driver finds all of it, and nothing to do', async (t) => {
  withContainer(t);
  const first = await openTestKernel(t);
  t.same(await converge(first, inNetwork, places), []);
  const second = await openTestKernel(t);
  t.same(await second.listNetns(), [netns]);
  t.same(plan(inNetwork, await observeAll(second, places)), []);
});

test('sysctls are set again after a restart, and watched over from then on', async (t) => {
  const first = await openTestKernel(t);
  t.same(await converge(first, [sample.own, sample.sysctl], [netns]), []);
  const second = await openTestKernel(t);
  t.same(plan([sample.own, sample.sysctl], await second.observe(netns)), creations([sample.sysctl]));
  t.same(await converge(second, [sample.own, sample.sysctl], [netns]), []);
  runIn(netns, 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1');
  t.match(plan([sample.own, sample.sysctl], await second.observe(netns)), [{ kind: 'change', from: { value: '1' } }]);
});

test('a container elsewhere is found by the path that the caller has for it', async (t) => {
  const elsewhere: NetnsRef = '/run/elsewhere-c1';
  run('touch', elsewhere);
  run('unshare', `--net=${elsewhere}`, 'true');
  t.teardown(() => run('umount', elsewhere) + run('rm', elsewhere));
  const veth = { ...sample.veth, peer: { ...sample.veth.peer, netns: elsewhere } };
  const desired = [sample.own, sample.bridge, veth];
  const first = await openTestKernel(t);
  t.same(await converge(first, desired, [netns]), []);
  t.same(plan(desired, await first.observe(netns)), [], 'who made it knows the path');
  const informed = await openTestKernel(t, { containers: () => [elsewhere] });
  t.same(plan(desired, await informed.observe(netns)), [], 'who is told the path finds it');
  const ignorant = await openTestKernel(t);
  const [found] = (await ignorant.observe(netns)).filter(({ kind }) => kind === 'veth');
  t.match(found, { peer: { netns: /^\/unknown-netns\/\d+$/, name: 'net1' } }, 'who is not told says so');
});

test("a container's path in the words of the caller wins over the name in the directory", async (t) => {
  withContainer(t);
  const other: NetnsRef = `${NETNS_DIR}/../netns/c1`;
  const veth = { ...sample.veth, peer: { ...sample.veth.peer, netns: other } };
  const first = await openTestKernel(t);
  t.same(await converge(first, [sample.own, sample.bridge, veth], [netns]), []);
  const second = await openTestKernel(t, { containers: () => [other] });
  t.same(plan([sample.own, sample.bridge, veth], await second.observe(netns)), []);
});

const damages: readonly (readonly [name: string, damage: readonly string[]])[] = [
  ['a bridge that is down', ['ip', 'link', 'set', 'br0', 'down']],
  ['a VXLAN device that is down', ['ip', 'link', 'set', 'vxlan0', 'down']],
  ['a VXLAN device that learns', ['ip', 'link', 'set', 'vxlan0', 'type', 'vxlan', 'learning']],
  ['a VXLAN device that is gone', ['ip', 'link', 'delete', 'vxlan0']],
  ['a bridge that is gone', ['ip', 'link', 'delete', 'br0']],
  ['a veth that is down', ['ip', 'link', 'set', 'v1', 'down']],
  ['a veth that is gone', ['ip', 'link', 'delete', 'v1']],
  ['a veth without its alias', ['ip', 'link', 'set', 'v1', 'alias', '']],
  ['a veth that left its bridge', ['ip', 'link', 'set', 'v1', 'nomaster']],
  ['a port that is not locked', ['bridge', 'link', 'set', 'dev', 'v1', 'locked', 'off']],
  ['an FDB entry that is gone', ['bridge', 'fdb', 'del', sample.fdbSelf.mac, 'dev', 'vxlan0', 'self']],
  ['a static FDB entry that is gone', ['bridge', 'fdb', 'del', sample.fdbMaster.mac, 'dev', 'v1', 'master']],
  ['a neighbour that is gone', ['ip', 'neigh', 'del', '10.0.0.3', 'dev', 'br0']],
  [
    'a neighbour that is learned now',
    ['ip', 'neigh', 'change', '10.0.0.3', 'lladdr', sample.neighbour.mac, 'dev', 'br0', 'nud', 'stale'],
  ],
  ['a table that is gone', ['nft', 'delete', 'table', 'bridge', 'warren']],
  ['a link too many', ['ip', 'link', 'add', 'x0', 'type', 'bridge']],
  [
    'a neighbour too many',
    ['ip', 'neigh', 'add', '10.0.0.99', 'lladdr', '02:00:00:00:00:99', 'dev', 'br0', 'nud', 'permanent'],
  ],
];

const damagesInside: readonly (readonly [name: string, damage: readonly string[]])[] = [
  ['an interface that is down', ['ip', 'link', 'set', 'net1', 'down']],
  ['an interface with another MAC', ['ip', 'link', 'set', 'net1', 'address', '02:00:00:00:00:98']],
  ['an interface without its address', ['ip', 'addr', 'flush', 'dev', 'net1']],
  ['a default route that is gone', ['ip', 'route', 'del', 'default']],
  ['an interface that is gone', ['ip', 'link', 'delete', 'net1']],
];

test('damage done by hand is seen and repaired', async (t) => {
  withContainer(t);
  const kernel = await openTestKernel(t);
  t.same(await converge(kernel, inNetwork, places), []);
  const all = [
    ...damages.map((one) => [...one, netns] as const),
    ...damagesInside.map((one) => [...one, sandbox] as const),
  ];
  for (const [name, damage, where] of all) {
    runIn(where, ...damage);
    t.not(plan(inNetwork, await observeAll(kernel, places)).length, 0, `${name}: seen`);
    t.same(await converge(kernel, inNetwork, places), [], `${name}: repaired without a failure`);
    t.same(plan(inNetwork, await observeAll(kernel, places)), [], `${name}: all is well`);
  }
});

test('what hangs on an interface without its alias is ours again once the alias is', async (t) => {
  withContainer(t);
  const kernel = await openTestKernel(t);
  t.same(await converge(kernel, inNetwork, places), []);
  runIn(sandbox, 'ip', 'link', 'set', 'net1', 'alias', '');
  t.match(await converge(kernel, inNetwork, places), [/EEXIST/, /EEXIST/, /EEXIST/], 'until then it is in the way');
  t.same(plan(inNetwork, await observeAll(kernel, places)), []);
});

test('a namespace that was removed by hand is made again', async (t) => {
  withContainer(t);
  const kernel = await openTestKernel(t);
  t.same(await converge(kernel, inNetwork, places), []);
  ip('netns', 'delete', 'warren-4097');
  t.same(await kernel.observe(netns), []);
  // Until the kernel has cleared the old one, its VXLAN device has the VNI, and the container its interface.
  const deadline = Date.now() + 5_000;
  const missing = async () => plan(inNetwork, await observeAll(kernel, places)).length;
  while ((await missing()) > 0 && Date.now() < deadline) await converge(kernel, inNetwork, places);
  t.equal(await missing(), 0);
});

test('a veth that a crash left half made is completed', async (t) => {
  withContainer(t);
  const kernel = await openTestKernel(t);
  t.same(failures(await kernel.apply(creations([sample.own, sample.bridge]))), []);
  runIn(
    netns,
    'ip',
    'link',
    'add',
    'v1',
    'mtu',
    '1450',
    'type',
    'veth',
    'peer',
    'name',
    'net1',
    'mtu',
    '1450',
    'netns',
    'c1',
  );
  const desired = [sample.own, sample.bridge, { ...sample.veth, name: ifName('v1') }];
  t.match(
    (await kernel.observe(netns)).find(({ kind }) => kind === 'veth'),
    { incomplete: true, alias: '' },
  );
  t.same(await converge(kernel, desired, places), []);
  t.same(plan(desired, await observeAll(kernel, places)), []);
});
