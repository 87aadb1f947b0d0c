/** The rules of a Network or an AddressPool that is changed. */
import type { JsonObject } from '../../../lib/lab/apiserver/json.ts';
import type { Attempt, Refused, Rule } from './rule.ts';

const change = (from: JsonObject, spec: JsonObject): Attempt => ({ from: { spec }, spec: { ...spec, ...from } });
const A = { cidr: '10.0.0.0/24' };
const B = { cidr: '10.0.1.0/24' };
const V6 = { cidr: 'fd00::/64' };
const subnets = (before: readonly JsonObject[], after: readonly JsonObject[]): Attempt => ({
  from: { spec: { subnets: [...before] } },
  spec: { subnets: [...after] },
});
const refused = (attempt: Attempt, says: RegExp): Refused => ({ ...attempt, says });

const flagRule = (field: 'encrypted' | 'ingress', says: RegExp): Rule => ({
  rule: `${field} stays as it is`,
  of: 'networks',
  good: [change({ mtu: 1400 }, { [field]: true }), change({ internal: true }, { [field]: true })],
  bad: [
    refused({ from: { spec: { [field]: true } }, spec: { [field]: false } }, says),
    refused({ from: { spec: { [field]: true } }, spec: {} }, says),
    refused({ from: { spec: {} }, spec: { [field]: true } }, says),
  ],
});

const networkChanges: readonly Rule[] = [
  flagRule('encrypted', /spec\.encrypted: .*cannot be switched on or off later: set it back, or create another/),
  flagRule('ingress', /spec\.ingress: .*cannot become the ingress network.*: set it back, or delete/),
  {
    rule: 'the VNI stays as it is',
    of: 'networks',
    good: [change({ mtu: 1400 }, { vni: 5000 }), change({ mtu: 1400 }, {})],
    bad: [
      { from: { spec: { vni: 5000 } }, spec: { vni: 5001 } },
      { from: { spec: { vni: 5000 } }, spec: {} },
      { from: { spec: {} }, spec: { vni: 5000 } },
    ].map((attempt) => refused(attempt, /spec\.vni: .*: put it back as it was, or create another Network/)),
  },
  {
    rule: 'subnets are added at the end, and stay',
    of: 'networks',
    good: [
      subnets([A], [A, B]),
      subnets([A], [A, B, V6]),
      subnets([], [A]),
      { from: { spec: {} }, spec: { subnets: [A] } },
    ],
    bad: [
      refused(subnets([A], []), /spec\.subnets: .*containers may use 10\.0\.0\.0\/24, which is gone: put it back/),
      refused(subnets([A, B], [A]), /spec\.subnets: .*10\.0\.1\.0\/24, which is gone/),
      refused(subnets([A, B], [B, V6]), /spec\.subnets: .*10\.0\.0\.0\/24, which is gone/),
      refused(subnets([A], [{ cidr: '10.0.0.0/23' }]), /spec\.subnets: .*10\.0\.0\.0\/24, which is gone/),
      refused(
        subnets([A, B], [B, A]),
        /spec\.subnets: .*keep those that are there in their order, and add others at the end/,
      ),
      refused(subnets([A], [B, A]), /spec\.subnets: .*add others at the end/),
    ],
  },
  {
    rule: 'subnets do not go with their list',
    of: 'networks',
    good: [],
    bad: [
      refused(
        { from: { spec: { subnets: [A] } }, spec: {} },
        /spec\.subnets: .*containers may use the subnets, which are gone: put them back/,
      ),
    ],
  },
  {
    rule: 'a subnet is not changed',
    of: 'networks',
    good: [subnets([{ ...A, gateway: '10.0.0.9' }], [{ ...A, gateway: '10.0.0.9' }, B])],
    bad: [
      subnets([{ ...A, gateway: '10.0.0.9' }], [{ ...A, gateway: '10.0.0.8' }]),
      subnets([{ ...A, gateway: '10.0.0.9' }], [A]),
      subnets([A], [{ ...A, ipRange: '10.0.0.128/25' }]),
      subnets([{ ...A, reserved: { dns: '10.0.0.53' } }], [{ ...A, reserved: { dns: '10.0.0.54' } }]),
      subnets([{ ...A, reserved: { dns: '10.0.0.53' } }], [{ ...A, reserved: { dns: '10.0.0.53', ntp: '10.0.0.54' } }]),
    ].map((attempt) =>
      refused(
        attempt,
        /spec\.subnets\[0\]: .*containers may use the subnet 10\.0\.0\.0\/24 as it was: put .* back, or add another/,
      ),
    ),
  },
];

const pool = (cidr: string, prefixLength = 24): JsonObject => ({ cidr, prefixLength });
const inUse = (spec: JsonObject, range: string): NonNullable<Attempt['from']> => ({
  spec,
  status: { total: 16, used: 2, free: 14, inUse: range },
});

const poolChanges: readonly Rule[] = [
  {
    rule: 'a pool keeps what is in use',
    of: 'addresspools',
    good: [
      { from: inUse(pool('10.32.0.0/16'), '10.32.0.0/23'), spec: pool('10.32.0.0/20') },
      { from: inUse(pool('10.32.0.0/16'), '10.32.0.0/23'), spec: pool('10.32.0.0/12') },
      { from: inUse(pool('10.32.0.0/16'), '10.32.0.0/23'), spec: pool('10.32.0.0/16', 26) },
      { from: { spec: pool('10.32.0.0/16') }, spec: pool('10.33.0.0/16') },
    ],
    bad: [
      { from: inUse(pool('10.32.0.0/16'), '10.32.0.0/23'), spec: pool('10.32.0.0/24') },
      { from: inUse(pool('10.32.0.0/16'), '10.32.0.0/23'), spec: pool('10.33.0.0/16') },
      { from: inUse(pool('10.32.0.0/16'), '10.32.0.0/23'), spec: pool('fd00::/48', 64) },
    ].map((attempt) =>
      refused(
        attempt,
        /spec\.cidr: .* is without subnets that are in use: write a range that contains 10\.32\.0\.0\/23, or add/,
      ),
    ),
  },
  {
    rule: 'the purpose of a pool stays as it is',
    of: 'addresspools',
    good: [],
    bad: [
      refused(
        { from: { spec: pool('10.32.0.0/16') }, spec: { ...pool('10.32.0.0/16'), purpose: 'gateway' } },
        /spec\.purpose: .*cannot be changed: set it back, and add another AddressPool/,
      ),
    ],
  },
];

export const changeRules: readonly Rule[] = [...networkChanges, ...poolChanges];
