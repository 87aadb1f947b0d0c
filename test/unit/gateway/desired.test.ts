import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import type { LocalEndpoint } from '../../../lib/dataplane/endpoint.ts';
import { type KernelObject, objectKey } from '../../../lib/dataplane/object.ts';
import { renderObject, renderObjects } from '../../../lib/dataplane/text.ts';
import { desiredGateway, type GatewayInput } from '../../../lib/gateway/desired.ts';
import { tunnelEnd } from '../../../lib/gateway/pod-network.ts';
import { macFromIp } from '../../../lib/net/mac.ts';
import { hostPrefix, ifName, ip, prefix } from '../dataplane/sample.ts';
import { matchesGolden } from '../golden.ts';

const pod = (container: string, ...addresses: readonly string[]): LocalEndpoint => ({
  containerID: container,
  ifname: ifName('eth0'),
  sandbox: `/run/netns/${container}`,
  mac: macFromIp(ip((addresses[0] ?? '').split('/')[0] ?? '')),
  addresses: addresses.map(hostPrefix),
});
const peer = (vteps: readonly string[], ...subnets: readonly string[]) => ({
  gatewaySubnets: subnets.map(prefix),
  vteps: vteps.map(ip),
});
const input: GatewayInput = {
  ...{ subnets: [prefix('10.244.1.0/24')], mtu: 1450, vteps: [ip('172.30.0.11')], tunnelPorts: [4789, 4788] },
  ...{ icc: true, masquerade: true },
  endpoints: [pod('c1', '10.244.1.2/24')],
  peers: [peer(['172.30.0.12'], '10.244.2.0/24'), peer(['172.30.0.13'], '10.244.3.0/24')],
};
const linesOf = (objects: readonly KernelObject[], ...kinds: readonly KernelObject['kind'][]) =>
  objects.filter((object) => kinds.includes(object.kind)).map(renderObject);
const isOfPodNetwork = (line: string) => line.includes('warren-pod');

void test('a node with a pod and two peers', (t) => {
  matchesGolden(t, 'gateway/ipv4', renderObjects(desiredGateway(input)));
  t.end();
});

void test('a node of both families, without icc and masquerading', (t) => {
  const dual: GatewayInput = {
    ...{ ...input, icc: false, masquerade: false, subnets: [prefix('10.244.1.0/24'), prefix('fd00:1::/64')] },
    endpoints: [pod('c1', '10.244.1.2/24', 'fd00:1::2/64')],
  };
  matchesGolden(t, 'gateway/dual-stack-isolated', renderObjects(desiredGateway(dual)));
  t.end();
});

void test('a node without a gateway subnet still guards the tunnel ports, and has nothing else', (t) => {
  const kinds = new Set(desiredGateway({ ...input, subnets: [], endpoints: [] }).map((object) => object.kind));
  t.strictSame([...kinds], ['nft-table', 'nft-element']);
  t.end();
});

void test('a node without a VTEP has no pod network yet', (t) => {
  const lines = linesOf(desiredGateway({ ...input, vteps: [] }), 'vxlan', 'route', 'fdb-self');
  t.strictSame(lines.filter(isOfPodNetwork), []);
  t.end();
});

const route = (subnet: string, via: string) => `route ${subnet} via ${via} dev warren-pod onlink proto 87`;
const toPeers: readonly (readonly [
  what: string,
  peers: GatewayInput['peers'],
  routes: readonly string[],
  vteps: readonly string[],
])[] = [
  ['a peer that has no subnet yet', [peer(['172.30.0.12'])], [], []],
  ['a peer that has no VTEP yet', [peer([], '10.244.2.0/24')], [], []],
  ['a peer with VTEPs of the other family only', [peer(['fd00:30::12'], '10.244.2.0/24')], [], []],
  [
    'a peer with VTEPs of both',
    [peer(['fd00:30::12', '172.30.0.12'], '10.244.2.0/24')],
    [route('10.244.2.0/24', '10.244.2.0')],
    ['172.30.0.12'],
  ],
  [
    'a peer whose subnets are of more families than ours',
    [peer(['172.30.0.12'], '10.244.2.0/24', 'fd00:2::/64')],
    [route('10.244.2.0/24', '10.244.2.0')],
    ['172.30.0.12'],
  ],
  ['a peer that claims our own subnet', [peer(['172.30.0.12'], '10.244.1.0/24')], [], []],
  ['a peer that claims our own VTEP', [peer(['172.30.0.11'], '10.244.2.0/24')], [], []],
  [
    'two peers that claim one subnet: the lower VTEP has it',
    [peer(['172.30.0.13'], '10.244.2.0/24'), peer(['172.30.0.12'], '10.244.2.0/24')],
    [route('10.244.2.0/24', '10.244.2.0')],
    ['172.30.0.12'],
  ],
];
void test('the way to peers', (t) => {
  for (const [what, peers, routes, vteps] of toPeers) {
    const objects = desiredGateway({ ...input, peers });
    t.strictSame(linesOf(objects, 'route').filter(isOfPodNetwork), routes, what);
    t.strictSame(
      linesOf(objects, 'fdb-self').map((line) => /dst (\S+)/.exec(line)?.[1]),
      vteps,
      `${what}: VTEP`,
    );
  }
  t.end();
});

void test('every VTEP of every peer may be heard, ours too', (t) => {
  const peers = [peer(['172.30.0.12', 'fd00:30::12']), peer(['172.30.0.12'], '10.244.2.0/24')];
  const lines = linesOf(desiredGateway({ ...input, endpoints: [], peers }), 'nft-element');
  const expected = ['vteps4 { 172.30.0.11 }', 'vteps4 { 172.30.0.12 }', 'vteps6 { fd00:30::12 }'];
  t.strictSame(
    lines,
    expected.map((text) => `nft element inet warren ${text}`),
  );
  t.end();
});

const ends: readonly (readonly [subnets: readonly string[], mac: string | undefined])[] = [
  [[], undefined],
  [['10.244.2.0/24'], '02:42:0a:f4:02:00'],
  [['fd00:2::/64', '10.244.2.0/24'], '02:42:0a:f4:02:00'],
  [['fd00:0:0:2::/64'], '02:46:00:00:00:02'],
  [['fd00:0:0:3::/64'], '02:46:00:00:00:03'],
  [['fd00:0:0:1:2:3:4:0/112'], '02:46:00:03:00:04'],
];
void test('the MAC of a node’s tunnel end follows from its subnets and differs between nodes', (t) => {
  for (const [subnets, mac] of ends) t.equal(tunnelEnd(subnets.map(prefix))?.mac, mac, subnets.join(' '));
  t.end();
});

const anyPeer = fc.record({
  gatewaySubnets: fc.subarray(['10.244.1.0/24', '10.244.2.0/24', '10.244.3.0/24', 'fd00:2::/64'].map(prefix)),
  vteps: fc.shuffledSubarray(['172.30.0.11', '172.30.0.12', '172.30.0.13', 'fd00:30::12'].map(ip)),
});
void test('whatever peers claim, no object is wanted twice', (t) => {
  const property = fc.property(fc.array(anyPeer, { maxLength: 5 }), (peers) => {
    const keys = desiredGateway({ ...input, peers }).map(objectKey);
    const twice = keys.filter((key, at) => keys.indexOf(key) !== at);
    assert.deepEqual(twice, []);
  });
  fc.assert(property);
  t.end();
});
