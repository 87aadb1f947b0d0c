import { test } from 'tap';
import type { KernelObject } from '../../../lib/dataplane/object.ts';
import type { Op } from '../../../lib/dataplane/op.ts';
import { plan } from '../../../lib/dataplane/plan.ts';
import { everything, hostPrefix, ifName, ip, netns, prefix, sample, sandbox, toMac, toVni } from './sample.ts';

const signs: { readonly [kind in Op['kind']]: string } = { create: '+', change: '~', delete: '-' };

/** `+ veth v1`: enough to tell the objects of these tests apart. */
function summary({ kind, object }: Op): string {
  const which = 'name' in object ? object.name : 'link' in object ? object.link : '';
  const target = object.kind === 'address' ? ` ${object.address}` : object.kind === 'route' ? ` ${object.dst}` : '';
  return `${signs[kind]} ${object.kind} ${which}${target}`.trim();
}

const without = (...gone: readonly KernelObject[]) => everything.filter((object) => !gone.includes(object));
const instead = (from: KernelObject, ...to: readonly KernelObject[]) => [...without(from), ...to];
const { veth, port, bridge, vxlan, address, fdbMaster, fdbSelf, element, table, own } = sample;
const inContainer = [address, sample.direct, sample.default];

interface Case {
  readonly what: string;
  readonly want: readonly KernelObject[];
  readonly have: readonly KernelObject[];
  readonly expected: readonly string[];
}

const creation: readonly Case[] = [
  {
    what: 'rules come before links, links before ports, ports before what passes through them',
    want: everything.toReversed(),
    have: [],
    expected: [
      ...['+ netns', '+ sysctl', '+ nft-table warren', '+ nft-element', '+ bridge br0', '+ vxlan vxlan0', '+ veth v1'],
      ...['+ port v1', '+ address net1 10.0.0.2/24', '+ route net1 10.0.1.0/24', '+ route net1 0.0.0.0/0'],
      ...['+ neighbour br0', '+ fdb-self vxlan0', '+ fdb-master v1'],
    ],
  },
  { what: 'a plan for what is there is empty', want: everything, have: everything, expected: [] },
];

const deletion: readonly Case[] = [
  {
    what: 'a namespace takes everything in it and the links into containers along',
    want: [],
    have: everything,
    expected: ['- netns'],
  },
  {
    what: 'a link takes its port, its FDB entries and what is on its other end along',
    want: without(veth, port, fdbMaster, element, ...inContainer),
    have: everything,
    expected: ['- veth v1', '- nft-element'],
  },
  {
    what: 'a bridge releases its ports, whose links stay',
    want: without(bridge, port, fdbMaster, sample.neighbour),
    have: everything,
    expected: ['- bridge br0'],
  },
  {
    what: 'a table takes its elements along',
    want: without(table, element),
    have: everything,
    expected: ['- nft-table warren'],
  },
  {
    what: 'what hangs on nothing that goes is deleted by itself, last made first',
    want: [own],
    have: [own, bridge, address],
    expected: ['- address net1 10.0.0.2/24', '- bridge br0'],
  },
  {
    what: 'what comes is there before what goes',
    want: instead(sample.neighbour, { ...sample.neighbour, ip: ip('10.0.0.4') }),
    have: everything,
    expected: ['+ neighbour br0', '- neighbour br0'],
  },
];

const change: readonly Case[] = [
  {
    what: 'MTU, alias and MAC',
    want: instead(veth, { ...veth, mtu: 8950 }),
    have: everything,
    expected: ['~ veth v1'],
  },
  { what: 'port flags', want: instead(port, { ...port, isolated: true }), have: everything, expected: ['~ port v1'] },
  {
    what: 'a VTEP',
    want: instead(fdbSelf, { ...fdbSelf, vtep: ip('172.30.0.13') }),
    have: everything,
    expected: ['~ fdb-self vxlan0'],
  },
  {
    what: 'the rules of a table, which keeps its elements',
    want: instead(table, { ...table, sets: [...table.sets, { name: 'ep6', type: ['ipv6_addr'] }] }),
    have: everything,
    expected: ['~ nft-table warren'],
  },
];

const replacement: readonly Case[] = [
  {
    what: 'a veth with another peer, and all that hung on it',
    want: instead(veth, { ...veth, peer: { ...veth.peer, name: ifName('net2') } }).filter(
      (object) => !inContainer.some((one) => one === object),
    ),
    have: everything,
    expected: ['- veth v1', '+ veth v1', '+ port v1', '+ fdb-master v1'],
  },
  {
    what: 'a VXLAN device with another VNI',
    want: instead(vxlan, { ...vxlan, vni: toVni(4098) }),
    have: everything,
    expected: ['- vxlan vxlan0', '+ vxlan vxlan0', '+ fdb-self vxlan0'],
  },
  {
    what: 'a port of another bridge, with its FDB entries',
    want: [...instead(port, { ...port, master: ifName('br1') }), { ...bridge, name: ifName('br1') }],
    have: everything,
    expected: ['- port v1', '+ bridge br1', '+ port v1', '+ fdb-master v1'],
  },
  {
    what: 'a link of another kind',
    want: [own, { ...vxlan, name: ifName('x') }],
    have: [own, { ...bridge, name: ifName('x') }],
    expected: ['- bridge x', '+ vxlan x'],
  },
];

const obstacle: readonly Case[] = [
  {
    what: 'a VNI that another namespace still has',
    want: [own, vxlan],
    have: [own, { ...vxlan, netns: 'host' }],
    expected: ['- vxlan vxlan0', '+ vxlan vxlan0'],
  },
  {
    what: 'an interface name that another veth brought into the container',
    want: [own, veth, address],
    have: [own, { ...veth, name: ifName('v2') }, address],
    expected: ['- veth v2', '+ veth v1', '+ address net1 10.0.0.2/24'],
  },
  {
    what: 'a MAC that is behind another port',
    want: instead(fdbMaster, { ...fdbMaster, link: ifName('vxlan0') }),
    have: everything,
    expected: ['- fdb-master v1', '+ fdb-master vxlan0'],
  },
  {
    what: 'an IPv6 address with another prefix length',
    want: [own, bridge, { kind: 'address', netns, link: ifName('br0'), address: hostPrefix('fd00::1/64') }],
    have: [own, bridge, { kind: 'address', netns, link: ifName('br0'), address: hostPrefix('fd00::1/80') }],
    expected: ['- address br0 fd00::1/80', '+ address br0 fd00::1/64'],
  },
];

const addressing: readonly Case[] = [
  {
    what: 'an address of the same subnet: the kernel may take the other along, and the routes',
    want: instead(address, { ...address, address: hostPrefix('10.0.0.3/24') }),
    have: everything,
    expected: [
      ...['- route net1 0.0.0.0/0', '- route net1 10.0.1.0/24', '- address net1 10.0.0.2/24'],
      ...['+ address net1 10.0.0.3/24', '+ route net1 10.0.1.0/24', '+ route net1 0.0.0.0/0'],
    ],
  },
  {
    what: 'an address of another subnet is there before the old one goes',
    want: instead(address, { ...address, address: hostPrefix('10.0.2.2/24') }),
    have: everything,
    expected: ['+ address net1 10.0.2.2/24', '- address net1 10.0.0.2/24'],
  },
  {
    what: 'the last address of a family takes routes along that are to stay',
    want: [veth, own, sample.direct],
    have: [veth, own, sample.direct, address],
    expected: ['- route net1 10.0.1.0/24', '- address net1 10.0.0.2/24', '+ route net1 10.0.1.0/24'],
  },
  {
    what: 'IPv6 routes stay when an IPv4 address goes',
    want: [veth, own, { ...sample.direct, dst: prefix('fd01::/64') }],
    have: [veth, own, { ...sample.direct, dst: prefix('fd01::/64') }, address],
    expected: ['- address net1 10.0.0.2/24'],
  },
];

const groups = { creation, deletion, change, replacement, obstacle, addressing };
for (const [group, cases] of Object.entries(groups)) {
  void test(group, (t) => {
    for (const { what, want, have, expected } of cases) t.strictSame(plan(want, have).map(summary), expected, what);
    t.end();
  });
}

void test('of several objects with one key the first counts', (t) => {
  const other = { ...fdbSelf, vtep: ip('172.30.0.99') };
  t.strictSame(
    plan([vxlan, own, fdbSelf, other], []).filter((op) => op.object.kind === 'fdb-self'),
    [{ kind: 'create', object: fdbSelf }],
  );
  t.end();
});

void test('objects of a namespace that is none of ours are deleted by name', (t) => {
  const stray = { ...veth, peer: { ...veth.peer, mac: toMac('02:42:0a:00:00:09') } };
  t.strictSame(plan([], [stray, address]).map(summary), ['- veth v1']);
  t.strictSame(plan([], [address]).map(summary), ['- address net1 10.0.0.2/24'], `${sandbox} stays`);
  t.end();
});
