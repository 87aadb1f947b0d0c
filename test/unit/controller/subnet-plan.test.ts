// Which subnets a holder has, needs or holds too many of: any state to any state.
import { test } from 'tap';
import { type AddressPool, addressPoolSchema } from '../../../lib/api/address-pool.ts';
import { subnetClaimName } from '../../../lib/api/network-claim.ts';
import type { Claim } from '../../../lib/controller/claim.ts';
import { decideSubnets } from '../../../lib/controller/subnet-plan.ts';
import { TakenSubnets } from '../../../lib/ipam/taken.ts';
import { parsePrefix } from '../../../lib/net/address.ts';
import { must } from '../../../lib/net/result.ts';

const prefix = (text: string) => must(parsePrefix(text));

const pool = (name: string, cidr: string, prefixLength: number): AddressPool =>
  addressPoolSchema.parse({
    apiVersion: 'warren.dev/v1alpha1',
    kind: 'AddressPool',
    metadata: { name, uid: name, resourceVersion: '1' },
    spec: { cidr, prefixLength },
  });
const four = pool('four', '10.0.0.0/16', 24);
const tiny = pool('tiny', '10.9.0.0/24', 24);
const six = pool('six', 'fd00::/48', 64);

/** A claim that exists since that second; 0: we are about to create it. */
const claim = (value: string, second = 1): Claim => ({
  name: subnetClaimName(prefix(value)),
  value,
  pool: undefined,
  holder: { kind: 'Network', name: 'blue', uid: 'u' },
  uid: second === 0 ? undefined : `uid-${value}`,
  createdAt: second === 0 ? '' : `2026-01-01T00:00:0${second}Z`,
});

interface Case {
  readonly name: string;
  readonly current?: readonly string[];
  readonly held?: readonly Claim[];
  readonly pools?: readonly AddressPool[];
  readonly taken?: readonly string[];
  readonly subnets: readonly string[];
  readonly missing?: readonly string[];
  readonly surplus?: readonly string[];
  readonly problem?: string;
}

const cases: readonly Case[] = [
  { name: 'nothing yet', pools: [four], subnets: ['10.0.0.0/24'], missing: ['10.0.0.0/24'] },
  {
    name: 'the lowest gap',
    pools: [four],
    taken: ['10.0.0.0/24', '10.0.2.0/24'],
    subnets: ['10.0.1.0/24'],
    missing: ['10.0.1.0/24'],
  },
  {
    name: 'a claim from before a crash',
    pools: [four],
    held: [claim('10.0.7.0/24')],
    taken: ['10.0.7.0/24'],
    subnets: ['10.0.7.0/24'],
  },
  {
    name: 'an answer got lost: the same value again',
    pools: [four],
    held: [claim('10.0.7.0/24', 0)],
    subnets: ['10.0.7.0/24'],
    missing: ['10.0.7.0/24'],
  },
  {
    name: 'two controllers claimed: the older one counts, and nothing is given back before that is on record',
    pools: [four],
    held: [claim('10.0.3.0/24', 2), claim('10.0.5.0/24', 1)],
    subnets: ['10.0.5.0/24'],
  },
  {
    name: 'on record',
    pools: [four],
    current: ['10.0.1.0/24'],
    held: [claim('10.0.1.0/24')],
    subnets: ['10.0.1.0/24'],
  },
  {
    name: 'on record: what else is held is too much',
    pools: [four],
    current: ['10.0.1.0/24'],
    held: [claim('10.0.1.0/24', 2), claim('10.0.2.0/24', 1)],
    subnets: ['10.0.1.0/24'],
    surplus: ['10.0.2.0/24'],
  },
  {
    name: 'on record, its claim deleted by hand',
    pools: [four],
    current: ['10.0.1.0/24'],
    subnets: ['10.0.1.0/24'],
    missing: ['10.0.1.0/24'],
  },
  {
    name: 'on record, its pool removed',
    current: ['10.0.1.0/24'],
    held: [claim('10.0.1.0/24')],
    subnets: ['10.0.1.0/24'],
  },
  {
    name: 'on record, a pool of the other family added',
    pools: [four, six],
    current: ['10.0.1.0/24'],
    held: [claim('10.0.1.0/24')],
    subnets: ['10.0.1.0/24'],
  },
  {
    name: 'both families',
    pools: [four, six],
    subnets: ['10.0.0.0/24', 'fd00::/64'],
    missing: ['10.0.0.0/24', 'fd00::/64'],
  },
  {
    name: 'half done',
    pools: [four, six],
    held: [claim('10.0.4.0/24')],
    subnets: ['10.0.4.0/24', 'fd00::/64'],
    missing: ['fd00::/64'],
  },
  {
    name: 'the next pool when the first is full',
    pools: [tiny, four],
    taken: ['10.9.0.0/24'],
    subnets: ['10.0.0.0/24'],
    missing: ['10.0.0.0/24'],
  },
  {
    name: 'a larger prefix in the way',
    pools: [four],
    taken: ['10.0.0.0/22'],
    subnets: ['10.0.4.0/24'],
    missing: ['10.0.4.0/24'],
  },
  { name: 'full', pools: [tiny], taken: ['10.9.0.0/25'], subnets: [], problem: 'PoolExhausted' },
  {
    name: 'one family full',
    pools: [tiny, six],
    taken: ['10.9.0.0/24'],
    subnets: ['fd00::/64'],
    missing: ['fd00::/64'],
    problem: 'PoolExhausted',
  },
  { name: 'no pool', subnets: [], problem: 'NoPool' },
  { name: 'no pool any more, but claimed', held: [claim('10.0.4.0/24')], subnets: ['10.0.4.0/24'] },
];

for (const { name, current = [], held = [], pools = [], taken = [], ...expected } of cases) {
  test(name, async (t) => {
    const decision = decideSubnets({
      current: current.map(prefix),
      held,
      pools,
      taken: new TakenSubnets(taken.map(prefix)),
    });
    t.same(decision.subnets, expected.subnets);
    t.same(
      decision.missing.map(({ value }) => value),
      expected.missing ?? [],
    );
    t.same(
      decision.surplus.map(({ value }) => value),
      expected.surplus ?? [],
    );
    t.equal(decision.problem?.reason, expected.problem);
  });
}
