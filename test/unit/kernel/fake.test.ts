import { test } from 'tap';
import type { KernelObject } from '../../../lib/dataplane/object.ts';
import type { Op } from '../../../lib/dataplane/op.ts';
import { plan } from '../../../lib/dataplane/plan.ts';
import { createFakeKernel } from '../../../lib/kernel/fake.ts';
import { everything, hostPrefix, ifName, ip, sample, toMac } from '../dataplane/sample.ts';

const { own, bridge, vxlan, veth, port, address, fdbMaster, table, element } = sample;
const create = (object: KernelObject): Op => ({ kind: 'create', object });
const change = (object: KernelObject, from: KernelObject): Op => ({ kind: 'change', object, from });
const remove = (object: KernelObject): Op => ({ kind: 'delete', object });
const without = (...gone: readonly KernelObject[]) => everything.filter((object) => !gone.includes(object));
const outcome = async (before: readonly KernelObject[], op: Op) => {
  const kernel = createFakeKernel(before);
  const { failed } = await kernel.apply([op]);
  return { error: failed[0]?.error.message.replace(/^.*?: (?=E[A-Z])/, '') ?? 'done', left: kernel.objects() };
};

const refusals: readonly (readonly [what: string, before: readonly KernelObject[], op: Op, expected: string])[] = [
  ['twice the same', [own], create(own), 'EEXIST (it is there)'],
  ['in a namespace that is not there', [], create(bridge), 'ENOENT (there is no /run/netns/warren-4097)'],
  ['a port without its link', [own, bridge], create(port), 'ENODEV (there is no bridge or vxlan or veth v1)'],
  ['a port without its bridge', [own, veth], create(port), 'ENODEV (there is no bridge br0)'],
  ['an address without its link', [own], create(address), 'ENODEV (there is no bridge or vxlan or veth net1)'],
  ['an FDB entry of no port', [own, bridge, veth], create(fdbMaster), 'EINVAL (v1 is no bridge port)'],
  [
    'a VTEP on no VXLAN device',
    [own, { ...bridge, name: ifName('vxlan0') }],
    create(sample.fdbSelf),
    'ENODEV (there is no vxlan vxlan0)',
  ],
  ['an element of no table', [own], create(element), 'ENOENT (there is no set ep4)'],
  ['an element of no set', [own, { ...table, sets: [] }], create(element), 'ENOENT (there is no set ep4)'],
  [
    'a route by way of nothing',
    without(address, sample.direct, sample.default),
    create(sample.default),
    'ENETUNREACH (10.0.0.1 is not on net1)',
  ],
  [
    'a name in a container that another veth brought there',
    [own, veth],
    create({ ...veth, name: ifName('v2') }),
    'EEXIST (in the way is /run/netns/warren-4097 link v1)',
  ],
  [
    'a VNI that is taken, wherever',
    [own, vxlan],
    create({ ...vxlan, netns: 'host' }),
    'EEXIST (in the way is /run/netns/warren-4097 link vxlan0)',
  ],
  [
    'a MAC behind two ports',
    [...everything, { ...port, name: ifName('vxlan0') }],
    create({ ...fdbMaster, link: ifName('vxlan0') }),
    'EEXIST (in the way is /run/netns/warren-4097 fdb-master v1 02:42:0a:00:00:02)',
  ],
  ['a change of what is not there', [own], change(bridge, bridge), 'ENOENT (it is not there)'],
  [
    'another VNI',
    [own, vxlan],
    change({ ...vxlan, port: 4788 }, vxlan),
    'EOPNOTSUPP (the kernel cannot change that in place)',
  ],
];
void test('what a kernel refuses', async (t) => {
  for (const [what, before, op, expected] of refusals) {
    const { error, left } = await outcome(before, op);
    t.equal(error, expected, what);
    t.strictSame(left, before, `${what}: nothing has changed`);
  }
});

const second = { ...address, address: hostPrefix('10.0.0.3/24') };
const losses: readonly (readonly [
  what: string,
  before: readonly KernelObject[],
  gone: KernelObject,
  left: readonly KernelObject[],
])[] = [
  ['a namespace, with all in it and the ends in containers', everything, own, []],
  ['a bridge, with its ports', everything, bridge, without(bridge, port, fdbMaster, sample.neighbour)],
  [
    'a veth, with its other end',
    everything,
    veth,
    without(veth, port, fdbMaster, address, sample.direct, sample.default),
  ],
  ['a table, with its elements', everything, table, without(table, element)],
  ['a port, with its FDB entries', everything, port, without(port, fdbMaster)],
  ['a primary address, with the secondary ones', [own, veth, address, second], address, [own, veth]],
  ['a secondary address', [own, veth, address, second], second, [own, veth, address]],
  [
    'the last address, with the routes of the link',
    everything,
    address,
    without(address, sample.direct, sample.default),
  ],
  ['what is not there', [own], bridge, [own]],
];
void test('what goes with what', async (t) => {
  for (const [what, before, gone, left] of losses)
    t.strictSame(await outcome(before, remove(gone)), { error: 'done', left }, what);
});

void test('a change keeps what hangs on the object, apart from elements of sets that are gone', async (t) => {
  const moved = { ...bridge, mac: toMac('02:42:0a:00:00:09') };
  t.strictSame(
    (await outcome(everything, change(moved, bridge))).left,
    everything.map((object) => (object === bridge ? moved : object)),
  );
  const emptied = { ...table, sets: [] };
  t.strictSame((await outcome([own, table, element], change(emptied, table))).left, [own, emptied]);
});

void test('an op that is refused fails, and the others are carried out', async (t) => {
  const kernel = createFakeKernel();
  const allow = kernel.refuse((op) => op.object.kind === 'bridge');
  const ops = [create(own), create(bridge), create(vxlan)];
  const applied = await kernel.apply(ops);
  t.strictSame(applied.done, [ops[0], ops[2]]);
  t.match(applied.failed, [
    { op: ops[1], error: { message: /^cannot create link br0 .*: EIO \(refused by the test\)$/ } },
  ]);
  t.strictSame(kernel.tried, ops);
  allow();
  t.strictSame((await kernel.apply([create(bridge)])).failed, []);
});

void test('without the table that checks its frames a port is not made', async (t) => {
  const kernel = createFakeKernel();
  kernel.refuse((op) => op.object.kind === 'nft-table');
  const { failed } = await kernel.apply(plan(everything, []));
  t.strictSame(
    failed.map(({ op }) => op.object.kind),
    ['nft-table', 'nft-element', 'port', 'fdb-master'],
  );
  t.match(failed[2]?.error.message, /it depends on what failed before: cannot create nft table bridge warren/);
});

void test('it shows what is in a namespace, and tells of changes until nobody listens', async (t) => {
  const kernel = createFakeKernel([own, bridge]);
  const heard: string[] = [];
  const stop = kernel.watch((netns) => heard.push(netns));
  t.strictSame(await kernel.observe('host'), []);
  t.strictSame(await kernel.observe(own.netns), [own, bridge]);
  t.strictSame(await kernel.listNetns(), [own.netns]);
  kernel.byHand(remove(bridge));
  t.throws(() => kernel.byHand(create(address)), /ENODEV/);
  stop();
  await kernel.apply([create(bridge), create({ ...sample.neighbour, ip: ip('10.0.0.9') })]);
  t.strictSame(heard, [own.netns]);
  t.match(kernel.text(), /^netns \/run\/netns\/warren-4097\n {2}link br0 type bridge/);
  await kernel.close();
});
