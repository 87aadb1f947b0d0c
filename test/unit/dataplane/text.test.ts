import { test } from 'tap';
import type { NftTable } from '../../../lib/dataplane/nft.ts';
import { renderStatement } from '../../../lib/dataplane/nft-text.ts';
import type { KernelObject } from '../../../lib/dataplane/object.ts';
import { describeObject, renderObject, renderObjects } from '../../../lib/dataplane/text.ts';
import { matchesGolden } from '../golden.ts';
import { everything, ip, netns, prefix, sample } from './sample.ts';

const fixedSet: NftTable = {
  ...sample.table,
  sets: [
    {
      name: 'ports',
      type: ['ifname', 'ipv4_addr'],
      interval: true,
      elements: [
        ['v1', '10.0.0.0/24'],
        ['v2', '10.0.1.0/24'],
      ],
    },
  ],
};

const lines: readonly (readonly [object: KernelObject, expected: string])[] = [
  [sample.own, 'netns /run/netns/warren-4097'],
  [sample.sysctl, 'sysctl net.ipv4.ip_forward=0'],
  [sample.fdbSelf, 'bridge fdb 02:42:0a:00:00:02 dev vxlan0 dst 172.30.0.12 self permanent'],
  [sample.fdbMaster, 'bridge fdb 02:42:0a:00:00:02 dev v1 master static'],
  [sample.neighbour, 'neigh 10.0.0.3 lladdr 02:42:0a:00:00:02 dev br0 nud permanent'],
  [sample.address, 'addr 10.0.0.2/24 dev net1'],
  [sample.default, 'route default via 10.0.0.1 dev net1 proto 87'],
  [{ ...sample.direct, src: ip('10.0.0.2') }, 'route 10.0.1.0/24 dev net1 src 10.0.0.2 proto 87'],
  [
    { ...sample.default, dst: prefix('::/0'), via: ip('fd00::1'), onlink: true },
    'route default via fd00::1 dev net1 onlink proto 87',
  ],
  [sample.element, 'nft element bridge warren ep4 { v1 . 02:42:0a:00:00:02 . 10.0.0.2 }'],
  [
    fixedSet,
    'nft table bridge warren {\n  set ports { type ifname . ipv4_addr; flags interval; elements = { v1 . 10.0.0.0/24, v2 . 10.0.1.0/24 }; }\n}',
  ],
];
void test('an object is the line that a person knows', (t) => {
  for (const [object, expected] of lines) t.equal(renderObject(object), expected);
  t.end();
});

void test('a description says where', (t) => {
  t.equal(describeObject(sample.own), 'netns /run/netns/warren-4097');
  t.equal(describeObject(sample.table), `nft table bridge warren in netns ${netns}`);
  t.equal(describeObject({ ...sample.sysctl, netns: 'host' }), 'sysctl net.ipv4.ip_forward=0 in the host netns');
  t.end();
});

void test('a state is read from top to bottom', (t) => {
  matchesGolden(t, 'dataplane/state', renderObjects(everything.toReversed()));
  t.equal(renderObjects([]), '');
  t.end();
});

void test('a statement that has no words of its own is shown as it is', (t) => {
  t.equal(renderStatement('nonsense'), 'nonsense');
  t.equal(renderStatement({ limit: { rate: 10 } }), '{"limit":{"rate":10}}');
  t.equal(
    renderStatement({ match: { op: '==', left: { ct: { key: 'state' } }, right: 'new' } }),
    '{"ct":{"key":"state"}} new',
  );
  t.end();
});
