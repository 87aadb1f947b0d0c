import { test } from 'tap';
import type { NetnsRole } from '../../../../lib/kernel/ownership.ts';
import { encodeAddress } from '../../../../lib/kernel/netlink/address.ts';
import { encodeLink } from '../../../../lib/kernel/netlink/link.ts';
import type { Message } from '../../../../lib/kernel/netlink/message.ts';
import { encodeNeighbour } from '../../../../lib/kernel/netlink/neighbour.ts';
import { encodeNsid } from '../../../../lib/kernel/netlink/nsid.ts';
import { encodeRoute } from '../../../../lib/kernel/netlink/route.ts';
import { changedTable } from '../../../../lib/kernel/watch/nft-notification.ts';
import { decodeNotification, isRelevant } from '../../../../lib/kernel/watch/notification.ts';
import { hostPrefix, ip, prefix, toMac } from '../../dataplane/sample.ts';

const OURS = 5;
const message = (type: number, payload: Buffer): Message => ({ type, flags: 0, sequence: 0, payload });
const mac = toMac('02:42:0a:00:00:02');
const newLink = (link: Parameters<typeof encodeLink>[0]) => message(16, encodeLink(link));
const address = (index: number, scope: number) =>
  message(20, encodeAddress({ index, address: hostPrefix('10.0.0.1/24'), scope, flags: 0x80 }));
const neighbour = (type: number, family: number, index: number, state: number) =>
  message(type, encodeNeighbour({ family, index, state, flags: 0, ip: ip('10.0.0.2'), mac }));
const route = (protocol: number) =>
  message(24, encodeRoute({ dst: prefix('10.0.0.0/8'), protocol, table: 254, type: 1, index: 9 }));

const PERMANENT = 0x80;
const STATIC = 0x40;
const FAILED = 0x20;
const STALE = 0x04;
const all: readonly NetnsRole[] = ['host', 'network', 'container'];

const cases: readonly (readonly [name: string, message: Message, relevantIn: readonly NetnsRole[]])[] = [
  ['a link of others', newLink({ index: 9, name: 'eth0' }), ['network', 'container']],
  ['a link that has our index', newLink({ index: OURS, name: 'renamed' }), all],
  ['a link that has our name', newLink({ index: 9, name: 'warren-gw' }), all],
  ['a link that has our alias', newLink({ index: 9, name: 'x', alias: 'warren:c1:eth0' }), all],
  ['an address on a link of others', address(9, 0), ['network', 'container']],
  ['an address on ours', address(OURS, 0), all],
  ['a link-local address on ours', address(OURS, 253), []],
  ['a route of ours', route(87), all],
  ['a route of others', route(4), []],
  ['a permanent neighbour on ours', neighbour(28, 2, OURS, PERMANENT), ['host', 'network']],
  ['a permanent neighbour of others', neighbour(28, 2, 9, PERMANENT), ['network']],
  ['a learned neighbour', neighbour(28, 2, OURS, STALE), []],
  ['a neighbour that goes: what it was is not said', neighbour(29, 10, OURS, FAILED), ['host', 'network']],
  ['a static FDB entry that goes', neighbour(29, 7, OURS, STATIC), ['host', 'network']],
  ['a learned FDB entry that goes', neighbour(29, 7, OURS, STALE), []],
  ['a namespace that goes', message(89, encodeNsid(0, 3)), []],
];

test('a notification counts where it may change what is observed', async (t) => {
  for (const [name, one, roles] of cases) {
    const notification = decodeNotification(one);
    const found = all.filter((role) => notification && isRelevant(notification, role, new Set([OURS])));
    t.same(found, roles, name);
  }
});

test('what says nothing to us is nothing', async (t) => {
  t.equal(decodeNotification(message(88, encodeNsid(0, 3))), undefined, 'a number that was given');
  t.equal(decodeNotification(neighbour(28, 128, OURS, PERMANENT)), undefined, 'a neighbour of another family');
});

test('a link that leaves its bridge is not gone', async (t) => {
  const payload = encodeLink({ index: OURS });
  t.match(decodeNotification(message(17, payload)), { kind: 'link', isGone: true });
  payload.writeUInt8(7, 0);
  t.match(decodeNotification(message(17, payload)), { kind: 'link', isGone: false });
});

test('nftables tells which table changed', async (t) => {
  const payload = Buffer.from('02000000' + '0b000100' + Buffer.from('warren\0').toString('hex') + '00', 'hex');
  t.equal(changedTable(message(0x0a06, payload)), 'warren');
  t.equal(changedTable(message(0x0a0f, payload)), undefined, 'a new generation');
  t.equal(changedTable(message(0x0106, payload)), undefined, 'another subsystem');
});
