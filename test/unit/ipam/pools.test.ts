import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import { pickSubnet, pickVni, type Pool, poolUsage } from '../../../lib/ipam/pools.ts';
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
  const result = pickSubnet(pools, taken.map(prefix));
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
    const { free, total } = poolUsage(all[0], before);
    assert.equal(total, 2 ** (length - 20));
    for (let left = free; left > 0; left--) {
      const result = pickSubnet(all, used);
      assert.ok(result.ok, 'the pool said that there is one');
      assert.ok(!used.some((other) => prefixesOverlap(other, result.value.cidr)));
      used.push(result.value.cidr);
    }
    assert.ok(!pickSubnet(all, used).ok);
    assert.equal(poolUsage(all[0], used).free, 0);
  });
  fc.assert(property, { numRuns: 300 });
  t.end();
});

void test('one subnet of 65,536 is found among 60,000 taken ones without comparing each with each', (t) => {
  const big = pool('10.0.0.0/8', 24);
  const before = Array.from({ length: 60_000 }, (_, i) => prefix(`10.${i >> 8}.${i & 255}.0/24`));
  // Far from sorted, and always the same.
  before.sort((a, b) => (a.slice(-9) < b.slice(-9) ? -1 : 1));
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    assert.deepEqual(pickSubnet([big], before), { ok: true, value: { cidr: '10.234.96.0/24', pool: 'p' } });
    return performance.now() - start;
  });
  // About 40 ms. Each with each would be 3.6 thousand million comparisons, and a loaded machine is no reason to fail.
  t.ok(Math.min(...times) < 1000, String(times));
  t.end();
});

void test('VNIs: the lowest free one, from the one after the ingress network’s', (t) => {
  const taken = (...values: readonly number[]) => pickVni(new Set(values as Vni[]));
  t.strictSame(taken(), { ok: true, value: 4097 });
  t.strictSame(taken(4096, 4097, 4099), { ok: true, value: 4098 });
  const all = { has: () => true } as unknown as ReadonlySet<Vni>;
  t.match(pickVni(all), {
    ok: false,
    error: { code: 'exhausted', message: `all VNIs up to ${VNI_MAX} are in use: delete a Network` },
  });
  t.end();
});
