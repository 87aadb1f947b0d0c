import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import { pickSubnet, pickVni } from '../../../lib/ipam/pools.ts';
import { type Pool, TakenSubnets, TakenVnis } from '../../../lib/ipam/taken.ts';
import {
  ipFromNumber,
  makePrefix,
  parsePrefix,
  type Prefix,
  prefixesOverlap,
  prefixFirst,
} from '../../../lib/net/address.ts';
import { must } from '../../../lib/net/result.ts';
import { type Vni, VNI_MAX } from '../../../lib/net/vni.ts';

const prefix = (text: string) => must(parsePrefix(text));
const pool = (cidr: string, prefixLength: number, name = 'p'): Pool => ({ name, cidr: prefix(cidr), prefixLength });
const picked = (pools: readonly Pool[], ...taken: readonly string[]) => {
  const result = pickSubnet(pools, new TakenSubnets(taken.map(prefix)));
  return result.ok ? `${result.value.pool} ${result.value.cidr}` : result.error.message;
};
const small = pool('10.20.0.0/24', 26);
const full = '10.20.0.0/24';

const rows: readonly (readonly [what: string, got: string, expected: string])[] = [
  ['the first one', picked([small]), 'p 10.20.0.0/26'],
  ['the lowest gap', picked([small], '10.20.0.0/26', '10.20.0.128/26'), 'p 10.20.0.64/26'],
  ['what is taken comes in any order', picked([small], '10.20.0.64/26', '10.20.0.0/26'), 'p 10.20.0.128/26'],
  ['past a larger prefix', picked([small], '10.20.0.0/25'), 'p 10.20.0.128/26'],
  ['past a smaller prefix', picked([small], '10.20.0.17/32'), 'p 10.20.0.64/26'],
  [
    'past prefixes within each other',
    picked([small], '10.20.0.0/25', '10.20.0.0/30', '10.20.0.64/30'),
    'p 10.20.0.128/26',
  ],
  [
    'what is taken elsewhere does not matter',
    picked([small], '10.30.0.0/16', '10.10.0.0/16', 'fd00::/8'),
    'p 10.20.0.0/26',
  ],
  [
    'a prefix around the pool',
    picked([small], '10.0.0.0/8'),
    'no free subnet is left in "p" (10.20.0.0/24 in /26): add an AddressPool',
  ],
  ['the next pool', picked([small, pool('10.30.0.0/16', 24, 'q')], full), 'q 10.30.0.0/24'],
  ['pools that overlap', picked([small, pool('10.20.0.0/23', 24, 'q')], full), 'q 10.20.1.0/24'],
  ['a pool that is one subnet', picked([pool('10.20.0.0/24', 24)]), 'p 10.20.0.0/24'],
  [
    'subnets that do not fit',
    picked([pool('10.20.0.0/24', 23)]),
    'no free subnet is left in "p" (10.20.0.0/24 in /23): add an AddressPool',
  ],
  ['IPv6', picked([pool('fd00:1::/32', 64)], 'fd00:1::/64'), 'p fd00:1:0:1::/64'],
  [
    'an IPv6 pool of more subnets than a number can count',
    picked([pool('fd00::/8', 127)], 'fd00::/127'),
    'p fd00::2/127',
  ],
  ['no pool', picked([]), 'there is no address pool: add an AddressPool'],
];
void test('the subnet that a pool gives next', (t) => {
  for (const [what, got, expected] of rows) t.equal(got, expected, what);
  t.end();
});

const taken = fc.array(
  fc
    .record({ address: fc.nat({ max: 0xfff }), length: fc.integer({ min: 22, max: 32 }) })
    .map(({ address, length }) => {
      return makePrefix(ipFromNumber(4, prefixFirst(prefix('10.20.0.0/20')) + BigInt(address)), length);
    }),
  { maxLength: 30 },
);

void test('subnets never overlap with anything, and there are as many as the pool says', (t) => {
  const property = fc.property(taken, fc.integer({ min: 20, max: 27 }), (before, length) => {
    const all = [pool('10.20.0.0/20', length)] as const;
    const used: Prefix[] = [...before];
    const index = new TakenSubnets(before);
    const { free, total } = index.usage(all[0]);
    assert.equal(total, 2 ** (length - 20));
    for (let left = free; left > 0; left--) {
      const result = pickSubnet(all, index);
      assert.ok(result.ok, 'the pool said that there is one');
      assert.ok(!used.some((other) => prefixesOverlap(other, result.value.cidr)));
      used.push(result.value.cidr);
      index.take(result.value.cidr);
    }
    assert.ok(!pickSubnet(all, index).ok);
    assert.equal(index.usage(all[0]).free, 0);
  });
  fc.assert(property, { numRuns: 300 });
  t.end();
});

/** As many as there are, after each step of any story of taking and freeing. */
void test('the lowest free subnet after any story is the one that a new look finds', (t) => {
  const cut = pool('10.20.0.0/20', 25);
  const steps = fc.array(fc.tuple(fc.constantFrom('take', 'free', 'pick'), fc.nat({ max: 1000 })), { maxLength: 60 });
  const property = fc.property(taken, steps, (before, story) => {
    const index = new TakenSubnets();
    const held: Prefix[] = [];
    for (const [what, number] of story) {
      const next = what === 'pick' ? index.lowestFree(cut) : before[number % Math.max(1, before.length)];
      if (what === 'free') held.splice(number % (held.length + 1), 1).forEach((prefix) => index.free(prefix));
      else if (next !== undefined) {
        index.take(next);
        held.push(next);
      }
      const fresh = new TakenSubnets(held);
      assert.equal(index.lowestFree(cut), fresh.lowestFree(cut));
      assert.deepEqual(index.usage(cut), fresh.usage(cut));
    }
  });
  fc.assert(property, { numRuns: 300 });
  t.end();
});

void test('ten thousand subnets come and go in the time of a few each', (t) => {
  const big = pool('10.0.0.0/8', 24);
  const times = [1000, 10_000, 60_000].map((count) => {
    const index = new TakenSubnets();
    const take = (): Prefix => {
      const found = index.lowestFree(big)!;
      index.take(found);
      return found;
    };
    const start = performance.now();
    const all = Array.from({ length: count }, take);
    // Freed and taken again: the search must not go through all of them each time.
    for (let i = 0; i < count; i++) {
      const one = all[(i * 7919) % count]!;
      index.free(one);
      assert.equal(take(), one);
    }
    return ((performance.now() - start) / count) * 1000;
  });
  // About 3 µs each. A search through what is taken would be 60,000 steps each, and a loaded machine is no reason to fail.
  t.ok(
    times.every((microseconds) => microseconds < 200),
    String(times),
  );
  t.end();
});

void test('VNIs: the lowest free one, from the one after the ingress network’s; a freed one is used again', (t) => {
  const index = (...values: readonly number[]) => new TakenVnis(values as Vni[]);
  t.strictSame(pickVni(index()), { ok: true, value: 4097 });
  const some = index(4096, 4097, 4099);
  t.strictSame(pickVni(some), { ok: true, value: 4098 });
  some.take(4098 as Vni);
  t.strictSame(pickVni(some), { ok: true, value: 4100 });
  some.free(4097 as Vni);
  t.strictSame(pickVni(some), { ok: true, value: 4097 });
  t.end();
});

void test('when all VNIs are in use the message says what to do', (t) => {
  t.match(pickVni({ lowestFree: () => undefined }), {
    ok: false,
    error: { code: 'exhausted', message: `all VNIs up to ${VNI_MAX} are in use: delete a Network` },
  });
  t.end();
});
