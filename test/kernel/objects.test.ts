// Every kind of object on a real kernel: what was made looks to `ip`, `bridge` and `sysctl` as a person knows it, is observed
// as it was desired, can be changed, and leaves nothing behind.
import { addNetns, bridge, ip } from './fresh-netns.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { type KernelObject, type NetnsRef, objectKey } from '../../lib/dataplane/object.ts';
import { plan } from '../../lib/dataplane/plan.ts';
import type { LinuxKernel } from '../../lib/kernel/linux.ts';
import {
  hostPrefix,
  ifName,
  ip as toIp,
  netns,
  prefix,
  sample as drawn,
  sandbox,
  toMac,
} from '../unit/dataplane/sample.ts';
import { POD_NETWORK_VNI } from '../../lib/net/vni.ts';
import { converge, creations, failures, observeAll, openTestKernel, runIn } from './kernel.ts';

// The kernel has one FDB entry a MAC in a bridge: no two devices of a real network share one.
const sample = {
  ...drawn,
  bridge: { ...drawn.bridge, mac: toMac('02:42:0a:00:00:01') },
  vxlan: { ...drawn.vxlan, mac: toMac('02:42:0a:00:00:09') },
};
const everything: readonly KernelObject[] = Object.values(sample);
const places: readonly NetnsRef[] = ['host', netns, sandbox];

/** A kernel with a container; both gone when the test ends. */
async function openWithContainer(t: Test): Promise<LinuxKernel> {
  addNetns('c1');
  const kernel = await openTestKernel(t);
  t.teardown(() => ip('netns', 'delete', 'c1'));
  return kernel;
}

const sorted = (objects: readonly KernelObject[]) => objects.toSorted((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1));

test('a network with an endpoint is observed as it was desired', async (t) => {
  const kernel = await openWithContainer(t);
  t.same(await converge(kernel, everything, places), []);
  t.same(sorted(await observeAll(kernel, places)), sorted(everything));
  t.same(plan(everything, await observeAll(kernel, places)), []);
});

test('it looks as a person would have made it', async (t) => {
  const kernel = await openWithContainer(t);
  t.same(await converge(kernel, everything, places), []);
  const shown = (...command: readonly string[]) => runIn(netns, ...command);
  t.match(ip('netns', 'list'), /^warren-4097/m);
  t.match(shown('ip', 'link', 'show', 'br0'), /<BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450[\s\S]*02:42:0a:00:00:01/);
  t.match(
    shown('ip', '-d', 'link', 'show', 'vxlan0'),
    /UP,LOWER_UP> mtu 1450[\s\S]*vxlan id 4097 local 172\.30\.0\.11 srcport 0 0 dstport 4789 nolearning/,
  );
  t.match(shown('ip', '-d', 'link', 'show', 'v1'), /UP,LOWER_UP> mtu 1450 .*master br0 state UP[\s\S]*veth/);
  t.match(
    shown('bridge', '-d', 'link', 'show', 'dev', 'v1'),
    /hairpin off .*learning off flood off mcast_flood on bcast_flood on .*neigh_suppress off .*isolated off locked on/,
  );
  t.match(shown('bridge', 'fdb', 'show', 'dev', 'vxlan0'), /^02:42:0a:00:00:02 dst 172\.30\.0\.12 .*self permanent$/m);
  t.match(shown('bridge', 'fdb', 'show', 'dev', 'v1'), /^02:42:0a:00:00:02 master br0 static$/m);
  t.match(shown('ip', 'neigh', 'show'), /^10\.0\.0\.3 dev br0 lladdr 02:42:0a:00:00:02 PERMANENT $/m);
  t.match(shown('sysctl', 'net.ipv4.ip_forward'), /= 0/);
  const inside = (...command: readonly string[]) => runIn(sandbox, ...command);
  t.match(
    inside('ip', '-d', 'link', 'show', 'net1'),
    /UP,LOWER_UP> mtu 1450[\s\S]*02:42:0a:00:00:02[\s\S]*alias warren:c1:net1/,
  );
  t.match(inside('ip', 'addr', 'show', 'net1'), /inet 10\.0\.0\.2\/24 scope global net1/);
  t.match(inside('ip', 'route'), /^default via 10\.0\.0\.1 dev net1 proto 87 $/m);
  t.match(inside('ip', 'route'), /^10\.0\.1\.0\/24 dev net1 proto 87 scope link $/m);
  t.notMatch(ip('link'), /vxlan|veth|br0/, 'nothing is in the namespace of the host');
});

test("a VXLAN device's socket is in the namespace of the host", async (t) => {
  const kernel = await openWithContainer(t);
  t.same(await converge(kernel, [sample.own, sample.vxlan], places), []);
  t.match(runIn(netns, 'ip', 'link', 'show', 'vxlan0'), /link-netnsid \d/, 'its underlay is another namespace');
});

test('IPv6', async (t) => {
  const kernel = await openWithContainer(t);
  const underlay = { port: 4788, local: toIp('2001:db8::11') };
  const inContainer = { netns: sandbox, link: ifName('net1') };
  const desired: KernelObject[] = [
    sample.own,
    sample.bridge,
    { ...sample.vxlan, ...underlay },
    sample.veth,
    { kind: 'address', ...inContainer, address: hostPrefix('fd00::2/64') },
    { kind: 'route', ...inContainer, dst: prefix('::/0'), via: toIp('fd00::1') },
    { kind: 'neighbour', netns, link: ifName('br0'), ip: toIp('fd00::3'), mac: toMac('02:46:00:00:00:03') },
    { kind: 'fdb-self', netns, link: ifName('vxlan0'), mac: toMac('02:46:00:00:00:03'), vtep: toIp('2001:db8::12') },
  ];
  t.same(await converge(kernel, desired, places), []);
  t.same(sorted(await observeAll(kernel, places)), sorted(desired));
  const address = runIn(sandbox, 'ip', '-6', 'addr', 'show', 'net1');
  t.match(address, /inet6 fd00::2\/64 scope global nodad/);
  t.notMatch(address, /tentative(?=[\s\S]*fd00)/, 'it can be used at once');
});

const gateway = { netns: 'host', link: ifName('warren-gw') } as const;
const inHost: readonly KernelObject[] = [
  { kind: 'bridge', netns: 'host', name: ifName('warren-gw'), mac: toMac('02:42:0a:01:00:01'), mtu: 1500 },
  { kind: 'address', ...gateway, address: hostPrefix('10.1.0.1/24') },
  { kind: 'route', ...gateway, dst: prefix('10.2.0.0/24'), via: toIp('10.9.9.9'), onlink: true, src: toIp('10.1.0.1') },
  { ...sample.vxlan, netns: 'host', name: ifName('warren-pod'), vni: POD_NETWORK_VNI },
];

test("in the host's namespace, among things of others", async (t) => {
  const kernel = await openWithContainer(t);
  ip('link', 'add', 'br-other', 'type', 'bridge');
  ip('link', 'add', 'other0', 'type', 'veth', 'peer', 'name', 'other1');
  ip('link', 'set', 'other0', 'master', 'br-other', 'up');
  ip('link', 'set', 'br-other', 'up');
  ip('addr', 'add', '10.77.0.1/24', 'dev', 'br-other');
  ip('route', 'add', '10.78.0.0/24', 'via', '10.77.0.2');
  ip('neigh', 'add', '10.77.0.2', 'lladdr', '02:00:00:00:00:77', 'dev', 'br-other', 'nud', 'permanent');
  bridge('fdb', 'add', '02:00:00:00:00:77', 'dev', 'other0', 'master', 'static');
  t.teardown(() => ip('link', 'delete', 'br-other') + ip('link', 'delete', 'other0'));
  t.same(await converge(kernel, inHost, places), []);
  t.same(sorted(await observeAll(kernel, places)), sorted(inHost));
  t.match(ip('route'), /^10\.2\.0\.0\/24 via 10\.9\.9\.9 dev warren-gw proto 87 src 10\.1\.0\.1 onlink/m);
  t.same(await converge(kernel, [], places), []);
  t.same(await kernel.observe('host'), []);
  t.match(ip('route'), /10\.78\.0\.0\/24/, 'what belongs to others stays');
  t.notMatch(ip('link'), /warren/);
});

test('of a container only our interface counts', async (t) => {
  const kernel = await openWithContainer(t);
  runIn(sandbox, 'ip', 'link', 'add', 'own0', 'type', 'veth', 'peer', 'name', 'own1');
  runIn(sandbox, 'ip', 'addr', 'add', '10.5.0.1/24', 'dev', 'own0');
  t.same(await kernel.observe(sandbox), []);
  t.same(await converge(kernel, everything, places), []);
  const kinds = (await kernel.observe(sandbox)).map(({ kind }) => kind);
  t.same(kinds.sort(), ['address', 'route', 'route']);
});

test('an interface in its container: also default, also to the gateway of the host', async (t) => {
  const kernel = await openWithContainer(t);
  const peer = { netns: sandbox, name: ifName('eth0'), mac: toMac('02:42:0a:01:00:02'), mtu: 1400 };
  const desired: KernelObject[] = [
    ...inHost.slice(0, 2),
    { kind: 'veth', netns: 'host', name: ifName('warrenabc'), mtu: 1400, alias: 'warren:c1:eth0', peer },
    { ...sample.port, netns: 'host', name: ifName('warrenabc'), master: ifName('warren-gw') },
    { kind: 'fdb-master', netns: 'host', link: ifName('warrenabc'), mac: peer.mac },
    { kind: 'address', netns: sandbox, link: peer.name, address: hostPrefix('10.1.0.2/24') },
    { kind: 'route', netns: sandbox, link: peer.name, dst: prefix('0.0.0.0/0'), via: toIp('10.1.0.1') },
  ];
  t.same(await converge(kernel, desired, places), []);
  t.same(sorted(await observeAll(kernel, places)), sorted(desired));
  t.match(runIn(sandbox, 'ping', '-c', '1', '-W', '2', '10.1.0.1'), / 0% packet loss/);
});

type Change = readonly [name: string, from: KernelObject, to: KernelObject];
const changes: readonly Change[] = [
  ['the MTU of a bridge', sample.bridge, { ...sample.bridge, mtu: 1380 }],
  ['the MTU of a VXLAN device', sample.vxlan, { ...sample.vxlan, mtu: 1380 }],
  ['the MAC of a VXLAN device', sample.vxlan, { ...sample.vxlan, mac: toMac('02:42:0a:00:00:99') }],
  ['the MTU of a veth', sample.veth, { ...sample.veth, mtu: 1380 }],
  ['the alias of a veth', sample.veth, { ...sample.veth, alias: 'warren:c2:net1' }],
  [
    'the far end of a veth',
    sample.veth,
    { ...sample.veth, peer: { ...sample.veth.peer, mtu: 1380, mac: toMac('02:42:0a:00:00:99') } },
  ],
  ['flags of a port', sample.port, { ...sample.port, locked: false, isolated: true, learning: true, flood: true }],
  [
    'all flags of a port',
    sample.port,
    { ...sample.port, neighSuppress: true, hairpin: true, mcastFlood: false, bcastFlood: false },
  ],
  ['the gateway of a route', sample.default, { ...sample.default, via: toIp('10.0.0.9') }],
  ['the source of a route', sample.direct, { ...sample.direct, src: toIp('10.0.0.2') }],
  ['the MAC of a neighbour', sample.neighbour, { ...sample.neighbour, mac: toMac('02:42:0a:00:00:99') }],
  ['the VTEP of an FDB entry', sample.fdbSelf, { ...sample.fdbSelf, vtep: toIp('172.30.0.99') }],
  ['a sysctl', sample.sysctl, { ...sample.sysctl, value: '1' }],
];

test('objects change in place', async (t) => {
  const kernel = await openWithContainer(t);
  t.same(await converge(kernel, everything, places), []);
  for (const [name, from, to] of changes) {
    const desired = everything.map((object) => (object === from ? to : object));
    t.same(failures(await kernel.apply([{ kind: 'change', object: to, from }])), [], name);
    t.same(plan(desired, await observeAll(kernel, places)), [], `${name}: nothing else moved`);
    t.same(failures(await kernel.apply([{ kind: 'change', object: from, from: to }])), [], `${name}: and back`);
  }
});

test('with the MAC of a bridge the kernel forgets its neighbours, which a second plan brings back', async (t) => {
  const kernel = await openWithContainer(t);
  t.same(await converge(kernel, everything, places), []);
  const desired = everything.map((object) =>
    object.kind === 'bridge' ? { ...object, mac: toMac('02:42:0a:00:00:98') } : object,
  );
  t.same(await converge(kernel, desired, places), []);
  t.same(await converge(kernel, desired, places), []);
  t.same(plan(desired, await observeAll(kernel, places)), []);
});

test('the planner brings any change about, also where objects have to be made anew', async (t) => {
  const kernel = await openWithContainer(t);
  const moved: KernelObject[] = everything.map((object) => {
    if (object.kind === 'vxlan') return { ...object, port: 4788, local: toIp('172.30.0.99') };
    if (object.kind === 'veth') return { ...object, peer: { ...object.peer, name: ifName('net2') } };
    return 'link' in object && object.link === 'net1' ? { ...object, link: ifName('net2') } : object;
  });
  for (const desired of [everything, moved, everything]) {
    t.same(await converge(kernel, desired, places), []);
    t.same(plan(desired, await observeAll(kernel, places)), []);
  }
});

test('the MTU of a bridge is its own, whatever its ports have', async (t) => {
  const kernel = await openWithContainer(t);
  const desired = [sample.own, { ...sample.bridge, mtu: 1500 }, { ...sample.veth, mtu: 1300 }, sample.port];
  t.same(await converge(kernel, desired, places), []);
  t.same(plan(desired, await observeAll(kernel, places)), []);
  t.same(failures(await kernel.apply([{ kind: 'delete', object: sample.veth }])), []);
  t.match(runIn(netns, 'ip', 'link', 'show', 'br0'), /mtu 1500/);
});

test('what the kernel has learned is no object, and is not in the way of one', async (t) => {
  const kernel = await openWithContainer(t);
  const base = everything.filter(({ kind }) => kind !== 'neighbour' && kind !== 'fdb-master');
  t.same(await converge(kernel, base, places), []);
  runIn(netns, 'ip', 'neigh', 'add', '10.0.0.3', 'lladdr', '02:00:00:00:00:01', 'dev', 'br0', 'nud', 'stale');
  runIn(netns, 'bridge', 'fdb', 'add', '02:42:0a:00:00:02', 'dev', 'v1', 'master', 'dynamic');
  t.same(plan(base, await observeAll(kernel, places)), []);
  t.same(await converge(kernel, everything, places), []);
  t.same(plan(everything, await observeAll(kernel, places)), []);
});

test('one by one, every object goes as it came', async (t) => {
  const kernel = await openWithContainer(t);
  t.same(await converge(kernel, everything, places), []);
  for (const object of everything.toReversed()) {
    t.same(failures(await kernel.apply([{ kind: 'delete', object }])), [], objectKey(object));
    const left = (await observeAll(kernel, places)).map(objectKey);
    t.notOk(left.includes(objectKey(object)), `${objectKey(object)} is gone`);
  }
  t.same(await observeAll(kernel, places), []);
  t.same(await kernel.listNetns(), []);
});

test('what is gone already is gone', async (t) => {
  const kernel = await openWithContainer(t);
  const deletions = () => everything.toReversed().map((object) => ({ kind: 'delete', object }) as const);
  t.same(failures(await kernel.apply(deletions())), [], 'nothing was there, not even the namespace');
  t.same(failures(await kernel.apply(creations([sample.own, sample.bridge, sample.vxlan]))), []);
  t.same(failures(await kernel.apply(deletions())), [], 'little was there');
});

test('nothing of ours keeps a namespace alive that is deleted', async (t) => {
  const kernel = await openWithContainer(t);
  const numbered = () => ip('netns', 'list-id');
  t.same(await converge(kernel, everything, places), []);
  await observeAll(kernel, places);
  t.match(numbered(), /warren-4097/);
  t.same(await converge(kernel, [], places), []);
  const deadline = Date.now() + 5_000;
  const isAlive = () =>
    numbered()
      .split('\n')
      .filter((line) => line !== '').length > 2;
  while (isAlive() && Date.now() < deadline) await sleep(20);
  t.notOk(isAlive(), `only the host and the container are left: ${numbered()}`);
});
