import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import type { AllocatedSubnet } from '../../../lib/api/network.ts';
import { chooseAddresses, networkCapacity } from '../../../lib/ipam/address.ts';
import {
  family,
  type HostPrefix,
  type IpAddress,
  ipFromNumber,
  parseIp,
  parsePrefix,
  prefixAddress,
  prefixContains,
  prefixFirst,
} from '../../../lib/net/address.ts';
import { must } from '../../../lib/net/result.ts';

const spec = fc.record({
  of: fc.constantFrom(4 as const, 6 as const),
  bits: fc.nat({ max: 5 }),
  gateway: fc.nat(),
  reserved: fc.array(fc.nat(), { maxLength: 3 }),
  upperHalf: fc.boolean(),
});

/** Small enough to be filled, of either family or both, with gateway, range and reservations anywhere. */
const layouts: fc.Arbitrary<readonly AllocatedSubnet[]> = fc.array(spec, { minLength: 1, maxLength: 4 }).map((specs) =>
  specs.map(({ of, bits, gateway, reserved, upperHalf }, at) => {
    const length = (of === 4 ? 32 : 128) - bits;
    const cidr = must(parsePrefix(of === 4 ? `10.0.${at}.0/${length}` : `fd00:${at}::/${length}`));
    const host = (n: number) => ipFromNumber(of, prefixFirst(cidr) + BigInt(n % 2 ** bits));
    return {
      ...{ cidr, gateway: host(gateway) },
      reserved: Object.fromEntries(reserved.map((n, i) => [String(i), host(n)])),
      ...(upperHalf && bits > 0 && { ipRange: must(parsePrefix(`${host(2 ** (bits - 1))}/${length + 1}`)) }),
    };
  }),
);

/** Asks until there is nothing left. A jump is where a node that lost a race begins; undefined after the last one. */
function fill(subnets: readonly AllocatedSubnet[], jumps: readonly number[]): (readonly HostPrefix[])[] {
  const given: (readonly HostPrefix[])[] = [];
  const inUse = new Set<IpAddress>();
  for (;;) {
    const last = given.at(-1)?.[0];
    const jump = jumps[given.length];
    const start = { ...(last && { cursor: prefixAddress(last) }), ...(jump !== undefined && { jump }) };
    const result = chooseAddresses({ network: 'blue', subnets, inUse, wanted: [], ...start });
    if (!result.ok) return given;
    given.push(result.value);
    for (const address of result.value) inUse.add(prefixAddress(address));
  }
}

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

void test('no address is given twice, none that is not an endpoint’s, and all before there is none', (t) => {
  const property = fc.property(layouts, fc.array(fraction), (subnets, jumps) => {
    const given = fill(subnets, jumps);
    const all = given.flat().map(prefixAddress);
    assert.equal(new Set(all).size, all.length);
    for (const address of all) {
      const home = subnets.find(({ cidr }) => prefixContains(cidr, address));
      assert.ok(home, `${address} is outside`);
      assert.ok(![home.gateway, ...Object.values(home.reserved ?? {})].includes(address), `${address} is taken`);
    }
    const isMixed = new Set(subnets.map(({ cidr }) => family(cidr))).size === 2;
    if (isMixed)
      assert.ok(given.every((addresses) => addresses.length === 2) && given.length <= networkCapacity(subnets));
    else assert.equal(given.length, networkCapacity(subnets));
  });
  fc.assert(property, { numRuns: 1000 });
  t.end();
});

void test('what was given can be asked for, by either address of the pair', (t) => {
  const property = fc.property(layouts, (subnets) => {
    for (const addresses of fill(subnets, [])) {
      for (const address of addresses) {
        const wanted = [prefixAddress(address)];
        const result = chooseAddresses({ network: 'blue', subnets, inUse: new Set(), wanted });
        assert.deepEqual(result, { ok: true, value: addresses });
      }
    }
  });
  fc.assert(property, { numRuns: 300 });
  t.end();
});

void test('a /64 is searched at once, a nearly full /16 in milliseconds', (t) => {
  const shortest = (cidr: string, gateway: string, used: number): number => {
    const subnet = { cidr: must(parsePrefix(cidr)), gateway: must(parseIp(gateway)) };
    const of = family(subnet.cidr);
    const addresses = Array.from({ length: used }, (_, i) => ipFromNumber(of, prefixFirst(subnet.cidr) + BigInt(i)));
    const request = { network: 'blue', subnets: [subnet], inUse: new Set(addresses), wanted: [] };
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      assert.ok(chooseAddresses(request).ok);
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  t.ok(shortest('fd00::/64', 'fd00::1', 10) < 50, 'whatever the size of the subnet');
  t.ok(shortest('10.1.0.0/16', '10.1.0.1', 65_500) < 1_000, 'in one pass');
  t.end();
});
