import fc from 'fast-check';
import { test } from 'tap';
import { decodeAddress, encodeAddress } from '../../../../lib/kernel/netlink/address.ts';
import { NetlinkDecodeError } from '../../../../lib/kernel/netlink/bytes.ts';
import { type LinkRequest, decodeLink, encodeLink, encodeLinkQuery } from '../../../../lib/kernel/netlink/link.ts';
import { type NeighbourMessage, decodeNeighbour, encodeNeighbour } from '../../../../lib/kernel/netlink/neighbour.ts';
import { decodeNsid, encodeNsid } from '../../../../lib/kernel/netlink/nsid.ts';
import { type RouteMessage, decodeRoute, encodeRoute } from '../../../../lib/kernel/netlink/route.ts';
import { type IpAddress, type Prefix, family } from '../../../../lib/net/address.ts';
import type { Mac } from '../../../../lib/net/mac.ts';
import { hostPrefix, index, ip, mac, prefix, text, u32 } from './arbitrary.ts';
import { dumped } from './datagrams.ts';

const flags = fc.record({
  hairpin: fc.boolean(),
  learning: fc.boolean(),
  flood: fc.boolean(),
  mcastFlood: fc.boolean(),
  bcastFlood: fc.boolean(),
  neighSuppress: fc.boolean(),
  isolated: fc.boolean(),
  locked: fc.boolean(),
});
const link = fc.record(
  { index, name: text, mac, mtu: u32, master: u32, alias: text, group: u32, peerIndex: u32, peerNsid: fc.integer() },
  { requiredKeys: ['index'] },
);
const vxlan = fc.record({ vni: fc.nat(0xffffff), port: fc.nat(0xffff), local: ip, learning: fc.boolean() });

test('links are read as they are written', async (t) => {
  const drawn = fc.tuple(link, fc.boolean(), fc.option(vxlan), fc.option(flags));
  fc.assert(
    fc.property(drawn, ([base, up, device, port]) => {
      const kind = device ? { kind: 'vxlan', vxlan: device } : {};
      const slave = port ? { slaveKind: 'bridge', port } : {};
      const whole: LinkRequest = { ...base, up, ...kind, ...slave };
      t.same(decodeLink(encodeLink(whole)), whole);
    }),
    { numRuns: 100 },
  );
});

test('addresses are read as they are written', async (t) => {
  const drawn = fc.record({ index: u32, address: hostPrefix, scope: fc.nat(255), flags: u32 });
  fc.assert(
    fc.property(drawn, (address) => t.same(decodeAddress(encodeAddress(address)), address)),
    { numRuns: 100 },
  );
});

test('neighbours and FDB entries are read as they are written', async (t) => {
  const drawn: fc.Arbitrary<NeighbourMessage> = fc.record(
    { family: fc.constantFrom(2, 7, 10), index, state: fc.nat(0xffff), flags: fc.nat(255), ip, mac, master: u32 },
    { requiredKeys: ['family', 'index', 'state', 'flags'] },
  );
  fc.assert(
    fc.property(drawn, (entry) => t.same(decodeNeighbour(encodeNeighbour(entry)), entry)),
    { numRuns: 100 },
  );
});

test('routes are read as they are written', async (t) => {
  const drawn = fc.record(
    {
      dst: prefix,
      protocol: fc.nat(255),
      table: u32,
      type: fc.nat(255),
      index: u32,
      via: ip,
      src: ip,
      onlink: fc.constant(true as const),
    },
    { requiredKeys: ['dst', 'protocol', 'table', 'type'] },
  );
  fc.assert(
    fc.property(drawn, (route) => t.same(decodeRoute(encodeRoute(route)), route)),
    { numRuns: 100 },
  );
});

test('namespace numbers are read as they are written', async (t) => {
  t.equal(decodeNsid(encodeNsid(5, 17)), 17);
  t.equal(decodeNsid(encodeNsid(5, -1)), -1);
  t.equal(decodeNsid(encodeNsid(5)), -1, 'none is assigned');
});

const up = '00000000' + '09000000' + '01000000' + '01000000';
const pod = { name: 'eth0', mac: '02:42:0a:00:00:02' as Mac, mtu: 1450 };

/** The requests that `ip` and `bridge` send for the same commands, attribute for attribute. */
const golden: readonly (readonly [command: string, bytes: Buffer, hex: string])[] = [
  [
    'ip link add wr0 index 9 up mtu 1450 type veth peer name eth0 address … mtu 1450 netns 5',
    encodeLink({ index: 9, up: true, name: 'wr0', mtu: 1450, kind: 'veth', veth: { index: 8, ...pod, netnsFd: 5 } }),
    up +
      '0800030077723000' +
      '08000400aa050000' +
      '50001280' +
      ('09000100' + '7665746800' + '000000') +
      '40000280' +
      '3c000180' +
      ('00000000' + '08000000' + '00000000' + '00000000') +
      ('0a000100' + '02420a000002' + '0000') +
      ('09000300' + '6574683000' + '000000') +
      '08000400aa050000' +
      '08001c0005000000',
  ],
  [
    'ip link add vxlan0 index 9 up type vxlan id 4097 local 192.0.2.1 dstport 4789 nolearning',
    encodeLink({
      index: 9,
      up: true,
      kind: 'vxlan',
      vxlan: { vni: 4097, port: 4789, local: '192.0.2.1' as IpAddress, learning: false },
    }),
    up +
      '34001280' +
      ('0a000100' + '76786c616e00' + '0000') +
      '24000280' +
      '0800010001100000' +
      '08000400c0000201' +
      '0500070000000000' +
      '06000f0012b50000',
  ],
  [
    'bridge link set dev 9 learning off isolated on',
    encodeLink({ index: 9, slaveKind: 'bridge', port: { learning: false, isolated: true } }),
    '00000000' +
      '09000000' +
      '0000000000000000' +
      '24001280' +
      ('0b000400' + '62726964676500' + '00') +
      '14000580' +
      '0500080000000000' +
      '0500210001000000',
  ],
  [
    'ip link show dev 9 in namespace number 0',
    encodeLinkQuery({ index: 9, nsid: 0 }),
    '00000000' + '09000000' + '0000000000000000' + '08001d0008000000' + '08002e0000000000',
  ],
  [
    'ip route add default via 10.0.0.1 dev 9 onlink proto 87',
    encodeRoute({
      dst: '0.0.0.0/0' as Prefix,
      protocol: 87,
      table: 254,
      type: 1,
      index: 9,
      via: '10.0.0.1' as IpAddress,
      onlink: true,
    }),
    '02000000' + 'fe570001' + '04000000' + '08000f00fe000000' + '0800040009000000' + '080005000a000001',
  ],
];

test('requests have golden bytes', async (t) => {
  for (const [command, bytes, hex] of golden) t.equal(bytes.toString('hex'), hex, command);
});

test('a kernel shows its links', async (t) => {
  const links = dumped('links').map(({ payload }) => decodeLink(payload));
  const named = new Map(links.map((one) => [one.name, one]));
  t.same([...named.keys()].sort(), ['br0', 'lo', 'tun0', 'vxlan0', 'vxlan6', 'wr0a1b2c']);
  t.match(named.get('br0'), { kind: 'bridge', mac: '02:42:0a:00:00:01', mtu: 1450, up: true });
  t.match(named.get('vxlan0'), {
    kind: 'vxlan',
    vxlan: { vni: 4097, port: 4789, local: '192.0.2.1', learning: false },
    master: named.get('br0')?.index ?? 0,
    port: { neighSuppress: true, learning: false, locked: false },
  });
  t.match(named.get('vxlan6'), { vxlan: { vni: 4098, port: 4788, local: '2001:db8::1' }, up: false });
  t.match(named.get('wr0a1b2c'), {
    kind: 'veth',
    alias: 'warren:4f5e:eth0',
    peerNsid: 0,
    port: { learning: false, locked: true, isolated: true, flood: false, mcastFlood: true, hairpin: false },
  });
  t.notHas(named.get('tun0'), { mac: String }, 'a device that has no MAC');
});

test('a kernel shows its addresses', async (t) => {
  const shown = dumped('addresses').map(({ payload }) => decodeAddress(payload).address);
  for (const address of ['127.0.0.1/8', '10.0.0.1/24', '::1/128', 'fd00::1/64'])
    t.ok(shown.includes(address as never), address);
});

test('a kernel shows its routes', async (t) => {
  const shown: RouteMessage[] = ['routes-ipv4', 'routes-ipv6']
    .flatMap(dumped)
    .map(({ payload }) => decodeRoute(payload));
  const to = (dst: string) => shown.find((route) => route.dst === dst && route.table === 254);
  t.match(to('0.0.0.0/0'), { via: '10.0.0.2', protocol: 87 });
  t.match(to('10.9.0.0/16'), { via: '10.0.0.2', onlink: true, src: '10.0.0.1', protocol: 87 });
  t.match(to('10.7.0.0/16'), { via: 'fd00::2' }, 'a gateway of the other family');
  t.equal(to('10.8.0.0/16')?.index, undefined, 'a multipath route has no one link');
  t.match(to('fd01::/64'), { via: 'fd00::2', protocol: 87 });
  t.match(to('10.0.0.0/24'), { protocol: 2 });
});

test('a kernel shows its neighbours and FDB entries', async (t) => {
  const shown = ['neighbours-ipv4', 'neighbours-ipv6', 'fdb']
    .flatMap(dumped)
    .map(({ payload }) => decodeNeighbour(payload));
  const has = (wanted: Partial<NeighbourMessage>) =>
    shown.some((entry) =>
      Object.entries(wanted).every(([key, value]) => entry[key as keyof NeighbourMessage] === value),
    );
  t.ok(has({ ip: '10.0.0.2' as IpAddress, mac: '02:42:0a:00:00:02' as Mac, state: 0x80 }));
  t.ok(has({ ip: 'fd00::2' as IpAddress, state: 0x80 }));
  t.ok(has({ mac: '02:42:0a:00:00:05' as Mac, ip: '192.0.2.2' as IpAddress, flags: 2, state: 0xc0 }));
  t.ok(has({ mac: '02:42:0a:00:00:06' as Mac, ip: '2001:db8::2' as IpAddress }));
  t.ok(shown.some((entry) => entry.mac === '02:42:0a:00:00:05' && entry.master !== undefined && entry.state === 0x40));
});

const broken: readonly (readonly [name: string, read: () => unknown])[] = [
  ['a link without its header', () => decodeLink(Buffer.alloc(15))],
  [
    'an address without one',
    () => decodeAddress(encodeAddress({ index: 1, address: '10.0.0.1/8' as never, scope: 0, flags: 0 }).subarray(0, 8)),
  ],
  ['a route of another family', () => decodeRoute(Buffer.alloc(12, 7))],
  ['a route with a long prefix', () => decodeRoute(Buffer.from('02210000fe57000100000000', 'hex'))],
  [
    'a route to an address of the other family',
    () =>
      decodeRoute(
        Buffer.concat([Buffer.from('0a080000fe57000100000000', 'hex'), Buffer.from('080001000a000000', 'hex')]),
      ),
  ],
  ['a neighbour without its header', () => decodeNeighbour(Buffer.alloc(11))],
  ['a number without its header', () => decodeNsid(Buffer.alloc(3))],
];

test('messages that cannot be are refused', async (t) => {
  for (const [name, read] of broken) t.throws(read, NetlinkDecodeError, name);
});

test('a route without a gateway has the scope of its link', async (t) => {
  const scope = (route: Partial<RouteMessage>) =>
    encodeRoute({ dst: '10.0.0.0/8' as Prefix, protocol: 87, table: 254, type: 1, ...route }).readUInt8(6);
  t.equal(scope({}), 253, 'link');
  t.equal(scope({ via: '10.0.0.1' as IpAddress }), 0, 'global');
  t.equal(scope({ type: 0 }), 255, 'a deletion takes any');
  t.equal(scope({ dst: 'fd00::/8' as Prefix }), 0, 'IPv6 has none');
  t.equal(family('fd00::/8' as Prefix), 6);
});
