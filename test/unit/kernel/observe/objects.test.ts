import { test } from 'tap';
import { decodeAddress } from '../../../../lib/kernel/netlink/address.ts';
import { decodeLink } from '../../../../lib/kernel/netlink/link.ts';
import { decodeNeighbour } from '../../../../lib/kernel/netlink/neighbour.ts';
import { decodeRoute } from '../../../../lib/kernel/netlink/route.ts';
import type { NetnsDump } from '../../../../lib/kernel/observe/dump.ts';
import { type Observed, objectsOf } from '../../../../lib/kernel/observe/objects.ts';
import { renderObjects } from '../../../../lib/dataplane/text.ts';
import type { NetnsRole } from '../../../../lib/kernel/ownership.ts';
import type { Mac } from '../../../../lib/net/mac.ts';
import { netns, sandbox } from '../../dataplane/sample.ts';
import { dumped } from '../netlink/datagrams.ts';

const dump: NetnsDump = {
  links: dumped('links').map(({ payload }) => decodeLink(payload)),
  addresses: dumped('addresses').map(({ payload }) => decodeAddress(payload)),
  routes: ['routes-ipv4', 'routes-ipv6'].flatMap(dumped).map(({ payload }) => decodeRoute(payload)),
  neighbours: ['neighbours-ipv4', 'neighbours-ipv6'].flatMap(dumped).map(({ payload }) => decodeNeighbour(payload)),
  fdb: dumped('fdb').map(({ payload }) => decodeNeighbour(payload)),
};
const indexOf = (name: string): number => dump.links.find((link) => link.name === name)?.index ?? 0;
const macOf = (name: string): string => dump.links.find((link) => link.name === name)?.mac ?? '';
const far = { index: 2, name: 'eth0', mac: '02:42:0a:00:00:02' as Mac, mtu: 1450, up: true, alias: 'warren:4f5e:eth0' };
const peers = new Map([[indexOf('wr0a1b2c'), { netns: sandbox, link: far }]]);

function shown(role: NetnsRole, change: Partial<Observed> = {}): string[] {
  const where = role === 'network' ? netns : role === 'host' ? 'host' : sandbox;
  const text = renderObjects(objectsOf({ netns: where, role, dump, peers, ...change }));
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

const hanging = [
  'addr 10.0.0.1/24 dev br0',
  'addr fd00::1/64 dev br0',
  'route 10.7.0.0/16 via fd00::2 dev br0 proto 87',
  'route 10.9.0.0/16 via 10.0.0.2 dev br0 onlink src 10.0.0.1 proto 87',
  'route default via 10.0.0.2 dev br0 proto 87',
  'route fd01::/64 via fd00::2 dev br0 proto 87',
  'neigh 10.0.0.2 lladdr 02:42:0a:00:00:02 dev br0 nud permanent',
  'neigh fd00::2 lladdr 02:42:0a:00:00:02 dev br0 nud permanent',
  'bridge fdb 02:42:0a:00:00:05 dev vxlan0 dst 192.0.2.2 self permanent',
  'bridge fdb 02:42:0a:00:00:06 dev vxlan6 dst 2001:db8::2 self permanent',
  'bridge fdb 02:42:0a:00:00:05 dev vxlan0 master static',
  'bridge fdb 02:42:0a:00:00:02 dev wr0a1b2c master static',
];
const floods = 'flood on mcast_flood on bcast_flood on';
const wr0 =
  'link wr0a1b2c type veth mtu 1450 alias warren:4f5e:eth0 peer eth0 netns /run/netns/c1 address 02:42:0a:00:00:02 mtu 1450';
const wr0Port =
  'bridge link dev wr0a1b2c master br0 learning off locked on isolated on neigh_suppress off hairpin off flood off mcast_flood on bcast_flood on';

test('in a namespace of ours everything is ours but what the kernel makes itself', async (t) => {
  t.same(
    shown('network').toSorted(),
    [
      ...hanging,
      'link br0 type bridge address 02:42:0a:00:00:01 mtu 1450',
      'link vxlan0 type vxlan id 4097 local 192.0.2.1 dstport 4789 nolearning address 02:42:0a:00:00:09 mtu 1450',
      `link vxlan6 type vxlan id 4098 local 2001:db8::1 dstport 4788 nolearning address ${macOf('vxlan6')} mtu 1430`,
      wr0,
      `bridge link dev vxlan0 master br0 learning off locked off isolated off neigh_suppress on hairpin off ${floods}`,
      wr0Port,
    ].toSorted(),
  );
});

test('in the namespace of the host only marked links are ours, what hangs on them, and routes of our protocol', async (t) => {
  const routes = hanging.filter((line) => line.startsWith('route'));
  t.same(
    shown('host').toSorted(),
    [wr0, wr0Port, 'bridge fdb 02:42:0a:00:00:02 dev wr0a1b2c master static', ...routes].toSorted(),
  );
});

test('in a container not even a marked veth is an object, only what hangs on it', async (t) => {
  t.same(shown('container'), ['bridge fdb 02:42:0a:00:00:02 dev wr0a1b2c master static']);
});

test('names of ours in the host', async (t) => {
  const renamed = dump.links.map((link) => (link.name === 'br0' ? { ...link, name: 'warren-gw' } : link));
  t.ok(
    shown('host', { dump: { ...dump, links: renamed } }).some((line) => line.startsWith('link warren-gw type bridge')),
  );
});

const incomplete: readonly (readonly [name: string, change: Partial<Observed>])[] = [
  ['the peer is down', { peers: new Map([[indexOf('wr0a1b2c'), { netns: sandbox, link: { ...far, up: false } }]]) }],
  [
    'the peer has no alias',
    { peers: new Map([[indexOf('wr0a1b2c'), { netns: sandbox, link: { ...far, alias: '' } }]]) },
  ],
  ['the link is down', { dump: { ...dump, links: dump.links.map((link) => ({ ...link, up: false })) } }],
];

test('a link that is not as its creation leaves it is incomplete', async (t) => {
  const veth = (change: Partial<Observed>) =>
    objectsOf({ netns, role: 'network', dump, peers, ...change }).find(({ kind }) => kind === 'veth');
  t.notHas(veth({}), { incomplete: true });
  for (const [name, change] of incomplete) t.match(veth(change), { incomplete: true }, name);
});

test('a link that is on its way out is not there', async (t) => {
  const links = dump.links.map((link) => ({ ...link, group: 0x77726e78 }));
  t.same(
    objectsOf({ netns, role: 'network', dump: { ...dump, links }, peers }).filter(({ kind }) => kind !== 'route'),
    [{ kind: 'netns', netns }],
  );
});

test('a veth whose peer vanished meanwhile is not there', async (t) => {
  t.notOk(objectsOf({ netns, role: 'network', dump, peers: new Map() }).some(({ kind }) => kind === 'veth'));
});
