// What the kernel refuses: the error says what was asked and why not, and only what depends on it is not done.
import { NETNS_DIR, addNetns, ip } from './fresh-netns.ts';
import { test } from 'tap';
import type { KernelObject, NetnsRef } from '../../lib/dataplane/object.ts';
import type { Op } from '../../lib/dataplane/op.ts';
import { BlockedError } from '../../lib/kernel/apply/blocked.ts';
import { ifName, ip as toIp, netns, prefix, sample, sandbox, toMac } from '../unit/dataplane/sample.ts';
import { creations, failures, openTestKernel } from './kernel.ts';

const bridge = {
  kind: 'bridge',
  netns: 'host',
  name: ifName('warren-gw'),
  mac: toMac('02:42:0a:01:00:01'),
  mtu: 1500,
} as const;
const nowhere: NetnsRef = `${NETNS_DIR}/nowhere`;
const create = (object: KernelObject): Op => ({ kind: 'create', object });

const refusals: readonly (readonly [name: string, op: Op, message: RegExp])[] = [
  [
    'a link whose name is taken',
    create(bridge),
    /^cannot create link warren-gw type bridge .*: EEXIST \(File exists\)$/,
  ],
  [
    'an address on a link that is not there',
    create({ ...sample.address, netns: 'host', link: ifName('gone0') }),
    /^cannot create addr 10\.0\.0\.2\/24 dev gone0 in the host netns: ENODEV \(No such device\): there is no link gone0$/,
  ],
  [
    'anything in a namespace that is not there',
    create({ ...sample.address, netns: nowhere }),
    /^cannot create addr .* netns \/run\/netns\/nowhere: .*ENOENT \(No such file or directory\)$/,
  ],
  [
    'a veth into a namespace that is not there',
    create({ ...sample.veth, netns: 'host', peer: { ...sample.veth.peer, netns: nowhere } }),
    /^cannot create link v1 type veth .*: ENOENT .*: there is no network namespace \/run\/netns\/nowhere$/,
  ],
  [
    'a route through a gateway that cannot be reached, in the words of the kernel',
    create({ kind: 'route', netns: 'host', link: bridge.name, dst: prefix('10.9.0.0/16'), via: toIp('192.0.2.1') }),
    /^cannot create route 10\.9\.0\.0\/16 via 192\.0\.2\.1 .*: ENETUNREACH \(Network is unreachable\): Nexthop has invalid gateway$/,
  ],
  [
    'an MTU that no device has',
    { kind: 'change', object: { ...bridge, mtu: 70_000 }, from: bridge },
    /EINVAL .*: mtu greater than device maximum$/,
  ],
  [
    'a port of what is no bridge',
    create({ ...sample.port, netns: 'host', name: bridge.name, master: ifName('lo') }),
    /EOPNOTSUPP \(/,
  ],
  [
    'a sysctl that is not there',
    create({ kind: 'sysctl', netns: 'host', key: 'net/ipv4/conf/gone0/rp_filter', value: '1' }),
    /^cannot create sysctl net\.ipv4\.conf\.gone0\.rp_filter=1 in the host netns: .*ENOENT/,
  ],
  [
    'a sysctl outside the network',
    create({ kind: 'sysctl', netns: 'host', key: 'net/../kernel/hostname', value: 'x' }),
    /write it as net\/ipv4\/ip_forward/,
  ],
  [
    'a namespace that is there',
    create(sample.own),
    /^cannot create netns \/run\/netns\/warren-4097: .*EEXIST \(File exists\)$/,
  ],
  [
    'the namespace of the host',
    { kind: 'delete', object: { kind: 'netns', netns: 'host' } },
    /it is the one that the process runs in/,
  ],
];

test('refusals say what was asked, and why not', async (t) => {
  const kernel = await openTestKernel(t);
  t.same(failures(await kernel.apply(creations([bridge, sample.own]))), []);
  const before = await kernel.observe('host');
  for (const [name, op, message] of refusals) {
    const { done, failed } = await kernel.apply([op]);
    t.same(done, [], name);
    t.match(failed[0]?.error.message, message, name);
    t.equal(failed[0]?.op, op, name);
  }
  t.same(await kernel.observe('host'), before, 'nothing changed');
});

test('a link of others that has the name is not touched', async (t) => {
  const kernel = await openTestKernel(t);
  addNetns('c1');
  t.teardown(() => ip('netns', 'delete', 'c1') + ip('link', 'delete', 'v1'));
  ip('link', 'add', 'v1', 'mtu', '1234', 'type', 'veth', 'peer', 'name', 'w1');
  const before = ip('-d', 'link', 'show', 'v1');
  const { failed } = await kernel.apply(
    creations([
      { ...sample.veth, netns: 'host' },
      { ...sample.port, netns: 'host' },
    ]),
  );
  t.equal(failed.length, 2);
  t.equal(ip('-d', 'link', 'show', 'v1'), before);
});

test('a failure blocks what depends on it, and nothing else', async (t) => {
  const kernel = await openTestKernel(t);
  addNetns('c1');
  t.teardown(() => ip('netns', 'delete', 'c1'));
  const veth = { ...sample.veth, peer: { ...sample.veth.peer, netns: nowhere } };
  const inNowhere = { ...sample.address, netns: nowhere };
  const ops = creations([sample.own, sample.bridge, veth, sample.port, sample.fdbMaster, sample.neighbour, inNowhere]);
  const { done, failed } = await kernel.apply(ops);
  t.same(done.map(({ object }) => object.kind).sort(), ['bridge', 'neighbour', 'netns']);
  t.same(failed.map(({ op }) => op.object.kind).sort(), ['address', 'fdb-master', 'port', 'veth']);
  for (const { op, error } of failed.filter(({ op: { object } }) => object.kind !== 'veth')) {
    t.type(error, BlockedError, op.object.kind);
    t.match(error.message, /it depends on what failed before: cannot create link v1 .*nowhere/);
  }
});

test('a namespace that cannot be made blocks all of its own', async (t) => {
  const kernel = await openTestKernel(t);
  addNetns('warren-4097');
  const { done, failed } = await kernel.apply(creations([sample.own, sample.bridge, { ...bridge }]));
  t.same(
    done.map(({ object }) => object.netns),
    ['host'],
  );
  t.match(failed[0]?.error.message, /EEXIST/);
  t.type(failed[1]?.error, BlockedError);
  t.same(
    (await kernel.observe(netns)).map(({ kind }) => kind),
    ['netns'],
    'nothing was made in it',
  );
});

test('a container that goes in the middle takes its interface along', async (t) => {
  const kernel = await openTestKernel(t);
  addNetns('c1');
  t.same(failures(await kernel.apply(creations([sample.own, sample.bridge, sample.veth]))), []);
  ip('netns', 'delete', 'c1');
  const { failed } = await kernel.apply(creations([sample.address]));
  t.match(failed[0]?.error.message, /\/run\/netns\/c1/);
  t.same(await kernel.observe(sandbox), []);
});

test('a port of a bridge that somebody made anew is refused once, and then finds it', async (t) => {
  const kernel = await openTestKernel(t);
  addNetns('c1');
  t.teardown(() => ip('netns', 'delete', 'c1'));
  const veth = { ...sample.veth, netns: 'host' } as const;
  const port = { ...sample.port, netns: 'host', name: veth.name, master: bridge.name } as const;
  t.same(failures(await kernel.apply(creations([bridge, veth, port]))), []);
  ip('link', 'delete', bridge.name);
  ip('link', 'add', bridge.name, 'type', 'bridge');
  t.match(failures(await kernel.apply(creations([port])))[0], /master warren-gw .*EINVAL/);
  t.same(failures(await kernel.apply(creations([port]))), []);
  t.match(ip('link', 'show', veth.name), /master warren-gw/);
});
