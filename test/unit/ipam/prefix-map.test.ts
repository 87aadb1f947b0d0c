// Overlaps, against comparing each with each.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import { PrefixMap } from '../../../lib/ipam/prefix-map.ts';
import { ipFromNumber, makePrefix, parsePrefix, type Prefix, prefixesOverlap } from '../../../lib/net/address.ts';
import { must } from '../../../lib/net/result.ts';

const prefix = (text: string) => must(parsePrefix(text));

test('what overlaps is found, the widest first', async (t) => {
  const map = new PrefixMap<string>();
  for (const text of ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '10.2.0.0/16', 'fd00::/8'])
    map.add(prefix(text), text);
  map.add(prefix('10.1.2.0/24'), 'another');
  const found = (text: string) => [...map.overlapping(prefix(text))];
  t.same(found('10.1.0.0/16'), ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', 'another']);
  t.same(found('10.1.2.3/32'), ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', 'another']);
  t.same(found('11.0.0.0/8'), []);
  t.same(found('fd00:1::/64'), ['fd00::/8']);
  t.equal(found('0.0.0.0/0').length, 5);
  map.remove(prefix('10.1.2.0/24'), '10.1.2.0/24');
  map.remove(prefix('10.9.0.0/16'), 'never there');
  t.same(found('10.1.2.0/24'), ['10.0.0.0/8', '10.1.0.0/16', 'another']);
});

const prefixes = fc.array(
  fc
    .record({ address: fc.nat({ max: 0xffff }), length: fc.integer({ min: 16, max: 32 }) })
    .map(({ address, length }) => makePrefix(ipFromNumber(4, BigInt(0x0a000000 + address)), length)),
  { maxLength: 40 },
);

test('after any additions and removals the same is found as by comparing each with each', async () => {
  const property = fc.property(prefixes, prefixes, prefixes, (added, removed, asked) => {
    const map = new PrefixMap<Prefix>();
    for (const one of added) map.add(one, one);
    for (const one of removed) map.remove(one, one);
    const left = [...new Set(added)].filter((one) => !removed.includes(one));
    for (const one of asked) {
      const expected = left.filter((other) => prefixesOverlap(one, other)).sort();
      assert.deepEqual([...map.overlapping(one)].sort(), expected);
    }
  });
  fc.assert(property, { numRuns: 300 });
});
