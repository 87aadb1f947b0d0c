import { test } from 'tap';
import { desiredScope, interfaceObjects, overlayMtu, scopesOf, tunnelMtu, type View } from '../../../lib/agent/view.ts';
import type { NetnsRef } from '../../../lib/dataplane/object.ts';
import { objectKey } from '../../../lib/dataplane/object.ts';
import { renderObject, renderObjects } from '../../../lib/dataplane/text.ts';
import { ip } from '../dataplane/sample.ts';
import { matchesGolden } from '../golden.ts';
import { exampleAttachment } from '../store/example.ts';
import { endpointObject, facts, networkObject, peerObject, viewOf } from './objects.ts';

const blueNetns: NetnsRef = '/run/netns/warren-4097';
const blue = networkObject('blue');
const peers = [
  peerObject('n1', ['172.30.0.11'], ['172.20.0.0/24']),
  peerObject('n2', ['172.30.0.12'], ['172.20.1.0/24']),
  peerObject('n3', ['172.30.0.13'], ['172.20.2.0/24']),
];
const endpoints = [
  endpointObject('blue', '10.0.0.2', 'n1'),
  endpointObject('blue', '10.0.0.3', 'n2'),
  endpointObject('blue', '10.0.0.4', 'n3'),
];
const onBlue: View = viewOf({
  ...{ attachments: [exampleAttachment({})], peers },
  network: (name) => (name === 'blue' ? blue : undefined),
  endpoints: (name) => (name === 'blue' ? endpoints : []),
});
const everyScope = (view: View) => scopesOf(view).flatMap((scope) => desiredScope(view, scope));
const lines = (view: View, scope: NetnsRef): readonly string[] => desiredScope(view, scope).map(renderObject);

void test('a pod on one network whose other endpoints are on two other nodes', (t) => {
  // The tables are in the golden files of the overlay and the gateway.
  const objects = everyScope(onBlue).filter(({ kind }) => kind !== 'nft-table');
  matchesGolden(t, 'agent/one-pod', renderObjects(objects));
  t.end();
});

void test('a node without pods has its gateway and no network', (t) => {
  t.strictSame(scopesOf(viewOf()), ['host']);
  t.strictSame(desiredScope(viewOf({ network: () => blue }), blueNetns), []);
  t.ok(lines(viewOf(), 'host').some((line) => line.startsWith('link warren-gw type bridge')));
  t.end();
});

void test('scopes: the host, and each network once, however many are on it', (t) => {
  const attachments = [exampleAttachment({}), exampleAttachment({ containerID: 'c2' })];
  t.strictSame(scopesOf(viewOf({ attachments })), ['host', blueNetns]);
  const leaving = attachments.map((one) => ({ ...one, state: 'releasing' as const }));
  t.strictSame(scopesOf(viewOf({ attachments: leaving })), ['host'], 'what is leaving keeps nothing');
  t.end();
});

void test('what is leaving is not wanted, and its network only while another is on it', (t) => {
  const leaving = exampleAttachment({ containerID: 'c2', state: 'releasing', netns: '/run/netns/c2' });
  const both = { ...onBlue, attachments: [exampleAttachment({}), leaving] };
  t.strictSame(everyScope(both), everyScope(onBlue));
  t.strictSame(desiredScope({ ...onBlue, attachments: [leaving] }, blueNetns), []);
  t.end();
});

void test('what an interface consists of is a part of what its scope consists of', (t) => {
  const [attachment] = onBlue.attachments;
  const all = new Map(everyScope(onBlue).map((object) => [objectKey(object), object]));
  for (const one of attachment?.interfaces ?? []) {
    const objects = interfaceObjects(onBlue, attachment!, one);
    t.ok(objects.length > 4);
    for (const object of objects) t.strictSame(all.get(objectKey(object)), object, renderObject(object));
  }
  t.end();
});

const mtus: readonly (readonly [what: string, underlay: number, vtep: string, spec: object, expected: number])[] = [
  ['VXLAN over IPv4 takes 50 bytes', 1500, '172.30.0.11', {}, 1450],
  ['over IPv6 it takes 70', 1500, 'fd00::11', {}, 1430],
  ['a jumbo underlay', 9000, '172.30.0.11', {}, 8950],
  ['the Network may ask for less', 1500, '172.30.0.11', { mtu: 1400 }, 1400],
  ['but not for more than fits', 1500, '172.30.0.11', { mtu: 9000 }, 1450],
];
void test('MTU', (t) => {
  for (const [what, underlayMtu, vtep, spec, expected] of mtus) {
    const node = { ...facts, underlayMtu, vteps: [ip(vtep)] as const };
    t.equal(overlayMtu(node, networkObject('blue', { spec })), expected, what);
  }
  const node = { ...facts, underlayMtu: 1400 };
  t.equal(overlayMtu(node, undefined), tunnelMtu(node), 'of a Network that is not known');
  t.end();
});

void test("the journal's record keeps a network when its Network is away", (t) => {
  const away = { ...onBlue, network: () => undefined, endpoints: () => [], peers: [] };
  const kept = lines(away, blueNetns);
  t.ok(kept.includes('addr 10.0.0.1/24 dev br0'));
  t.ok(kept.some((line) => line.includes('type vxlan id 4097')));
  t.ok(kept.some((line) => line.includes('peer net1')));
  const another = { ...onBlue, network: () => networkObject('blue', { status: { vni: 5000 } }) };
  t.ok(lines(another, blueNetns).includes('addr 10.0.0.1/24 dev br0'), 'nor does a new one of the same name count');
  t.end();
});

void test('the API has the word on subnets: one that is added reaches the containers that run', (t) => {
  const subnets = [
    { cidr: '10.0.0.0/24', gateway: '10.0.0.1' },
    { cidr: '10.9.0.0/24', gateway: '10.9.0.1' },
  ];
  const grown = lines({ ...onBlue, network: () => networkObject('blue', { status: { subnets } }) }, blueNetns);
  t.ok(grown.includes('addr 10.9.0.1/24 dev br0'));
  t.ok(grown.includes('route 10.9.0.0/24 dev net1 proto 87'));
  t.end();
});

const remotes = (view: View): readonly string[] => lines(view, blueNetns).filter((line) => line.includes(' dst '));
void test('a remote endpoint is reached only when its node says where', (t) => {
  t.equal(remotes(onBlue).length, 2);
  const [n1, n2] = peers;
  t.equal(remotes({ ...onBlue, peers: [n1!, n2!] }).length, 1, 'n3 is no node of ours');
  const six = peerObject('n3', ['fd00::13'], []);
  t.equal(remotes({ ...onBlue, peers: [n1!, n2!, six] }).length, 1, 'n3 is reached over another family only');
  t.end();
});
