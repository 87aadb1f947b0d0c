import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import type { LocalEndpoint } from '../../../lib/dataplane/endpoint.ts';
import type { KernelObject } from '../../../lib/dataplane/object.ts';
import { objectKey } from '../../../lib/dataplane/object.ts';
import { renderObject, renderObjects } from '../../../lib/dataplane/text.ts';
import { macFromIp } from '../../../lib/net/mac.ts';
import type { RemoteEndpoint } from '../../../lib/overlay/claims.ts';
import { desiredNetwork, type NetworkInput } from '../../../lib/overlay/desired.ts';
import { hostPrefix, ifName, ip, prefix, toMac, toVni } from '../dataplane/sample.ts';
import { matchesGolden } from '../golden.ts';

const local = (container: string, address: string, ...more: readonly string[]): LocalEndpoint => ({
  containerID: container,
  ifname: ifName('net1'),
  sandbox: `/run/netns/${container}`,
  mac: macFromIp(ip(address)),
  addresses: [hostPrefix(`${address}/24`), ...more.map(hostPrefix)],
});
const remote = (name: string, address: string, vtep: string, ...more: readonly string[]): RemoteEndpoint => ({
  name,
  mac: macFromIp(ip(address)),
  addresses: [hostPrefix(`${address}/24`), ...more.map(hostPrefix)],
  vtep: ip(vtep),
});
const input: NetworkInput = {
  ...{ netnsDir: '/run/netns', vni: toVni(4097), mtu: 1450, port: 4789, vtep: ip('172.30.0.11') },
  subnets: [{ cidr: prefix('10.0.0.0/24'), gateway: ip('10.0.0.1') }],
  local: [local('c1', '10.0.0.2')],
  remote: [remote('blue.10.0.0.3', '10.0.0.3', '172.30.0.12'), remote('blue.10.0.0.4', '10.0.0.4', '172.30.0.13')],
};

const linesOf = (objects: readonly KernelObject[], ...kinds: readonly KernelObject['kind'][]) =>
  objects.filter((object) => kinds.includes(object.kind)).map(renderObject);

void test('a network with an endpoint here and two on other nodes', (t) => {
  matchesGolden(t, 'overlay/ipv4', renderObjects(desiredNetwork(input)));
  t.end();
});

void test('a network of both families', (t) => {
  const dual: NetworkInput = {
    ...input,
    subnets: [...input.subnets, { cidr: prefix('fd00::/64'), gateway: ip('fd00::1') }],
    local: [local('c1', '10.0.0.2', 'fd00::2/64')],
    remote: [remote('blue.10.0.0.3', '10.0.0.3', '172.30.0.12', 'fd00::3/64')],
  };
  matchesGolden(t, 'overlay/dual-stack', renderObjects(desiredNetwork(dual)));
  t.end();
});

void test('a network without an endpoint here is not here', (t) => {
  t.strictSame(desiredNetwork({ ...input, local: [] }), []);
  t.end();
});

void test('a second subnet of the family is on-link for endpoints of the first', (t) => {
  const subnets = [...input.subnets, { cidr: prefix('10.0.1.0/24'), gateway: ip('10.0.1.1') }];
  const objects = desiredNetwork({ ...input, subnets, local: [local('c1', '10.0.0.2'), local('c2', '10.0.1.2')] });
  t.strictSame(linesOf(objects, 'route'), [
    'route 10.0.1.0/24 dev net1 proto 87',
    'route 10.0.0.0/24 dev net1 proto 87',
  ]);
  t.end();
});

const entries = (objects: readonly KernelObject[]) =>
  linesOf(objects, 'neighbour', 'fdb-self', 'fdb-master').filter(
    (line) => line.includes('dev br0') || line.includes('dev vxlan0'),
  );
const neighbour = (address: string, mac: string) => `neigh ${address} lladdr ${mac} dev br0 nud permanent`;
const fdb = (mac: string, vtep: string) => [
  `bridge fdb ${mac} dev vxlan0 dst ${vtep} self permanent`,
  `bridge fdb ${mac} dev vxlan0 master static`,
];
const third = '02:42:0a:00:00:03';

const conflicts: readonly (readonly [what: string, remotes: readonly RemoteEndpoint[], expected: readonly string[]])[] =
  [
    [
      'one address on two nodes: the name decides',
      [remote('b', '10.0.0.3', '172.30.0.13'), remote('a', '10.0.0.3', '172.30.0.12')],
      [neighbour('10.0.0.3', third), ...fdb(third, '172.30.0.12')],
    ],
    [
      'and the other one has it when that is gone',
      [remote('b', '10.0.0.3', '172.30.0.13')],
      [neighbour('10.0.0.3', third), ...fdb(third, '172.30.0.13')],
    ],
    [
      'one MAC on two nodes',
      [{ ...remote('a', '10.0.0.3', '172.30.0.12') }, { ...remote('b', '10.0.0.4', '172.30.0.13'), mac: toMac(third) }],
      [neighbour('10.0.0.3', third), ...fdb(third, '172.30.0.12')],
    ],
    [
      'a second address that is another’s: the first one stays',
      [remote('a', '10.0.0.3', '172.30.0.12', '10.0.0.4/24'), remote('b', '10.0.0.4', '172.30.0.13', '10.0.0.5/24')],
      [
        ...[neighbour('10.0.0.3', third), neighbour('10.0.0.4', third), ...fdb(third, '172.30.0.12')],
        ...[neighbour('10.0.0.5', '02:42:0a:00:00:04'), ...fdb('02:42:0a:00:00:04', '172.30.0.13')],
      ],
    ],
    ['an address of an endpoint of this node', [remote('a', '10.0.0.2', '172.30.0.12')], []],
    [
      'a MAC of an endpoint of this node',
      [{ ...remote('a', '10.0.0.3', '172.30.0.12'), mac: toMac('02:42:0a:00:00:02') }],
      [],
    ],
    ['the gateway’s address', [{ ...remote('a', '10.0.0.1', '172.30.0.12'), mac: toMac('02:42:0a:00:00:09') }], []],
    ['the gateway’s MAC', [{ ...remote('a', '10.0.0.9', '172.30.0.12'), mac: toMac('02:42:0a:00:00:01') }], []],
  ];
void test('records that contradict each other', (t) => {
  for (const [what, remotes, expected] of conflicts)
    t.strictSame(entries(desiredNetwork({ ...input, remote: remotes })), expected, what);
  t.end();
});

void test('of two endpoints of this node with one MAC, one is attached', (t) => {
  const objects = desiredNetwork({ ...input, local: [local('c2', '10.0.0.2'), local('c1', '10.0.0.2')] });
  t.strictSame(
    linesOf(objects, 'veth').map((line) => /alias (\S+)/.exec(line)?.[1]),
    ['warren:c1:net1'],
  );
  t.end();
});

const anyEndpoint = fc.integer({ min: 2, max: 9 }).map((host) => `10.0.0.${host}`);
const someLocal = fc.array(fc.tuple(fc.constantFrom('c1', 'c2', 'c3'), anyEndpoint), { minLength: 1, maxLength: 4 });
const someRemote = fc.array(
  fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), anyEndpoint, fc.constantFrom('172.30.0.12', '172.30.0.13')),
  { maxLength: 8 },
);

void test('whatever is claimed, no object is wanted twice, and the order of the claims does not matter', (t) => {
  const property = fc.property(someLocal, someRemote, (locals, remotes) => {
    const unique = <T>(items: readonly T[], key: (item: T) => string) => [
      ...new Map(items.map((item) => [key(item), item])).values(),
    ];
    const here = unique(locals, ([container]) => container).map(([container, address]) => local(container, address));
    const there = unique(remotes, ([name]) => name).map(([name, address, vtep]) => remote(name, address, vtep));
    const objects = desiredNetwork({ ...input, local: here, remote: there });
    const keys = objects.map(objectKey);
    assert.equal(new Set(keys).size, keys.length);
    assert.deepEqual(desiredNetwork({ ...input, local: here.toReversed(), remote: there.toReversed() }), objects);
  });
  fc.assert(property);
  t.end();
});
