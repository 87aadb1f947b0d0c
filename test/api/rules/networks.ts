/** The rules of a Network that is created. */
import type { JsonObject } from '../../../lib/lab/apiserver/json.ts';
import type { Attempt, Refused, Rule } from './rule.ts';

const CIDR = '10.0.0.0/24';
const subnets = (...list: readonly JsonObject[]): Attempt => ({ spec: { subnets: [...list] } });
const cidr = (text: string): Attempt => subnets({ cidr: text });
const inSubnet = (fields: JsonObject, of = CIDR): Attempt => subnets({ cidr: of, ...fields });
const refused = (attempt: Attempt, says: RegExp): Refused => ({ ...attempt, says });
const named = (name: string): Attempt => ({ name, spec: {} });

const subnetRules: readonly Rule[] = [
  {
    rule: 'a subnet is an address range with its prefix length',
    of: 'networks',
    good: [cidr('10.0.0.0/24'), cidr('fd00:1::/64'), cidr('FD00:1:0::/64')],
    bad: [
      '10.0.0.0',
      '10.0.0/24',
      '10.0.0.256/24',
      '010.0.0.0/24',
      '10.0.0.0/33',
      '10.0.0.0/024',
      'ten/8',
      'fd00:::/64',
      '',
    ].map((text) =>
      refused(cidr(text), /spec\.subnets\[0\]\.cidr: .*no subnet: write an address range .* 10\.0\.0\.0\/24/),
    ),
  },
  {
    rule: 'an address is written in one family',
    of: 'networks',
    good: [],
    bad: [
      refused(cidr('::10.0.0.0/120'), /spec\.subnets\[0\]\.cidr: .*no subnet/),
      refused(cidr('::ffff:10.0.0.0/120'), /spec\.subnets\[0\]\.cidr: .*no subnet/),
      refused(inSubnet({ gateway: '::ffff:a00:1' }), /spec\.subnets\[0\]\.gateway: .*no IP address/),
    ],
  },
  {
    rule: 'a subnet has no host bits',
    of: 'networks',
    good: [cidr('10.0.0.128/25')],
    bad: [
      refused(cidr('10.0.0.1/24'), /spec\.subnets\[0\]\.cidr: .*has host bits set: write 10\.0\.0\.0\/24/),
      refused(cidr('10.0.0.128/24'), /has host bits set: write 10\.0\.0\.0\/24/),
      refused(cidr('fd00:1::1/64'), /has host bits set: write fd00:1::\/64/),
    ],
  },
  {
    rule: 'a subnet is from /8 to /29, to /125 for IPv6',
    of: 'networks',
    good: [cidr('10.0.0.0/8'), cidr('10.0.0.0/29'), cidr('fd00::/8'), cidr('fd00::/125')],
    bad: ['10.0.0.0/30', '10.0.0.0/32', '8.0.0.0/7', 'fd00::/126', 'fc00::/7'].map((text) =>
      refused(cidr(text), /spec\.subnets\[0\]\.cidr: .*too large or too small: write .* \/8 to \/29 .* \/125/),
    ),
  },
  {
    rule: 'a subnet is no range with a meaning of its own',
    of: 'networks',
    good: [cidr('100.64.0.0/24'), cidr('203.0.113.0/24')],
    bad: ['127.0.0.0/24', '169.254.1.0/24', '224.0.0.0/24', 'fe80::/64', 'ff02::/64', '::/64'].map((text) =>
      refused(cidr(text), /spec\.subnets\[0\]\.cidr: .*a meaning of its own .*: write one such as/),
    ),
  },
  {
    rule: 'subnets of one network do not overlap',
    of: 'networks',
    good: [
      subnets({ cidr: '10.0.0.0/24' }, { cidr: '10.0.1.0/24' }, { cidr: 'fd00::/64' }),
      subnets({ cidr: '10.0.0.0/25' }, { cidr: '10.0.0.128/25' }),
    ],
    bad: [
      [{ cidr: '10.0.0.0/16' }, { cidr: '10.0.5.0/24' }],
      [{ cidr: '10.0.5.0/24' }, { cidr: 'fd00::/64' }, { cidr: '10.0.0.0/16' }],
      [{ cidr: 'fd00::/64' }, { cidr: 'fd00:0::/64' }],
    ].map((list) =>
      refused(
        subnets(...list),
        /spec\.subnets: .*(10\.0\.0\.0\/16|fd00::\/64) overlaps another subnet .*: write subnets/,
      ),
    ),
  },
  {
    rule: 'a subnet is named once',
    of: 'networks',
    good: [],
    bad: [refused(subnets({ cidr: CIDR }, { cidr: CIDR }), /spec\.subnets\[1\]: Duplicate value: .*10\.0\.0\.0\/24/)],
  },
  {
    rule: 'gateway, ipRange and reserved addresses need their subnet',
    of: 'networks',
    good: [inSubnet({ gateway: '10.0.0.254', ipRange: '10.0.0.128/25', reserved: { dns: '10.0.0.53' } })],
    bad: [{ gateway: '10.0.0.1' }, { ipRange: '10.0.0.128/25' }, { reserved: { dns: '10.0.0.53' } }].map((fields) =>
      refused(subnets(fields), /spec\.subnets\[0\]\.cidr: Required value/),
    ),
  },
];

const gatewayRules: readonly Rule[] = [
  {
    rule: 'a gateway is an address',
    of: 'networks',
    good: [inSubnet({ gateway: '10.0.0.1' }), inSubnet({ gateway: 'fd00::1' }, 'fd00::/64')],
    bad: ['10.0.0.1/24', '10.0.0', 'gw', 'fe80::1%eth0'].map((gateway) =>
      refused(inSubnet({ gateway }), /spec\.subnets\[0\]\.gateway: .*no IP address: write one such as 10\.0\.0\.1/),
    ),
  },
  {
    rule: 'a gateway is in its subnet',
    of: 'networks',
    good: [inSubnet({ gateway: '10.0.0.254' }), inSubnet({ gateway: '10.0.1.255' }, '10.0.0.0/22')],
    bad: [
      refused(
        inSubnet({ gateway: '10.0.1.1' }),
        /\[0\]\.gateway: .*10\.0\.1\.1 is not in 10\.0\.0\.0\/24: write an address/,
      ),
      refused(
        inSubnet({ gateway: 'fd00::1' }),
        /\[0\]\.gateway: .*fd00::1 is of another address family than 10\.0\.0\.0\/24/,
      ),
      refused(
        inSubnet({ gateway: '10.0.0.1' }, 'fd00::/64'),
        /10\.0\.0\.1 is of another address family than fd00::\/64/,
      ),
    ],
  },
  {
    rule: 'a gateway is an address that an interface can have',
    of: 'networks',
    good: [inSubnet({ gateway: '10.0.0.14' }, '10.0.0.0/28'), inSubnet({ gateway: 'fd00::f' }, 'fd00::/124')],
    bad: [
      refused(
        inSubnet({ gateway: '10.0.0.0' }),
        /\[0\]\.gateway: .*10\.0\.0\.0 is the address of the subnet .* itself: write another/,
      ),
      refused(inSubnet({ gateway: 'fd00::' }, 'fd00::/64'), /fd00:: is the address of the subnet fd00::\/64 itself/),
      refused(
        inSubnet({ gateway: '10.0.0.255' }),
        /\[0\]\.gateway: .*10\.0\.0\.255 is the broadcast address .*: write another/,
      ),
      refused(inSubnet({ gateway: '10.0.0.15' }, '10.0.0.8/29'), /10\.0\.0\.15 is the broadcast address/),
      refused(inSubnet({ gateway: '10.255.255.255' }, '10.0.0.0/8'), /10\.255\.255\.255 is the broadcast address/),
    ],
  },
];

const rangeRules: readonly Rule[] = [
  {
    rule: 'an ipRange is a part of its subnet',
    of: 'networks',
    good: [inSubnet({ ipRange: '10.0.0.128/25' }), inSubnet({ ipRange: CIDR }), inSubnet({ ipRange: '10.0.0.7/32' })],
    bad: [
      refused(
        inSubnet({ ipRange: '10.0.1.0/25' }),
        /\[0\]\.ipRange: .*10\.0\.1\.0\/25 is not in 10\.0\.0\.0\/24: write a part/,
      ),
      refused(inSubnet({ ipRange: '10.0.0.0/23' }), /\[0\]\.ipRange: .*10\.0\.0\.0\/23 is not in 10\.0\.0\.0\/24/),
      refused(inSubnet({ ipRange: 'fd00::/120' }), /fd00::\/120 is of another address family than 10\.0\.0\.0\/24/),
      refused(inSubnet({ ipRange: '10.0.0.129/25' }), /\[0\]\.ipRange: .*has host bits set: write 10\.0\.0\.128\/25/),
      refused(
        inSubnet({ ipRange: '10.0.0.128' }),
        /\[0\]\.ipRange: .*no address range: write one with its prefix length/,
      ),
    ],
  },
  {
    rule: 'a reserved address is in its subnet',
    of: 'networks',
    good: [inSubnet({ reserved: { dns: '10.0.0.53', ntp: '10.0.0.123' } }), inSubnet({ reserved: {} })],
    bad: [
      refused(
        inSubnet({ reserved: { dns: '10.0.1.53' } }),
        /\[0\]\.reserved: .*dns is not in 10\.0\.0\.0\/24: write an address/,
      ),
      refused(
        inSubnet({ reserved: { a: '10.0.0.5', dns: 'fd00::1' } }),
        /\[0\]\.reserved: .*dns is not in 10\.0\.0\.0\/24/,
      ),
      refused(inSubnet({ reserved: { dns: 'ns1' } }), /\[0\]\.reserved\[?.?dns\]?: .*no IP address: write one/),
      refused(inSubnet({ reserved: { ['n'.repeat(64)]: '10.0.0.53' } }), /\[0\]\.reserved: .*1 to 63 characters/),
    ],
  },
  {
    rule: 'an address is reserved once, and not the gateway',
    of: 'networks',
    good: [inSubnet({ gateway: '10.0.0.1', reserved: { dns: '10.0.0.53' } })],
    bad: [
      refused(
        inSubnet({ reserved: { a: '10.0.0.5', b: '10.0.0.5' } }),
        /\[0\]\.reserved: .*a reserves an address .*: write each address once/,
      ),
      refused(
        inSubnet({ reserved: { a: 'fd00::5', b: 'fd00:0::5' } }, 'fd00::/64'),
        /\[0\]\.reserved: .*: write each address once/,
      ),
      refused(
        inSubnet({ gateway: '10.0.0.5', reserved: { a: '10.0.0.5' } }),
        /\[0\]\.reserved: .*10\.0\.0\.5 is the gateway.*: remove it/,
      ),
    ],
  },
];

const settingRules: readonly Rule[] = [
  {
    rule: 'a VNI is from 4096 to 16777215',
    of: 'networks',
    good: [4096, 16_777_215].map((vni) => ({ spec: { vni } })),
    bad: [-1, 0, 4095, 16_777_216].map((vni) =>
      refused({ spec: { vni } }, /spec\.vni: .*no VNI .*: write 4096 to 16777215/),
    ),
  },
  {
    rule: 'an MTU is from 1280 to 65535',
    of: 'networks',
    good: [1280, 65_535].map((mtu) => ({ spec: { mtu } })),
    bad: [0, 1279, 65_536].map((mtu) => refused({ spec: { mtu } }, /spec\.mtu: .*no MTU .*: write 1280 to 65535/)),
  },
  {
    rule: 'the ingress network is not attachable',
    of: 'networks',
    good: [{ spec: { ingress: true } }, { spec: { attachable: true } }, { spec: { ingress: true, attachable: false } }],
    bad: [refused({ spec: { ingress: true, attachable: true } }, /spec\.attachable: .*: remove attachable or ingress/)],
  },
  {
    rule: 'a name fits into labels and endpoint names',
    of: 'networks',
    good: [named('a'.repeat(63)), named('0-9')],
    bad: ['a'.repeat(64), 'blue.green'].map((name) =>
      refused(named(name), /metadata\.name: .* is no name for a Network: write at most 63/),
    ),
  },
  {
    rule: 'a name has no meaning of its own',
    of: 'networks',
    good: [named('hosts'), named('warrens'), named('my-default')],
    bad: ['bridge', 'default', 'host', 'none', 'pod', 'warren', 'warren-4097'].map((name) =>
      refused(named(name), /metadata\.name: .* is a reserved name, .*: write another one/),
    ),
  },
];

const typeRule: Rule = {
  rule: 'a field has its type',
  of: 'networks',
  good: [{ spec: {} }, { spec: { encrypted: true, internal: true, multicast: true } }],
  bad: [
    refused({ spec: { encrypted: 'yes' } }, /spec\.encrypted: .*must be of type boolean: "string"/),
    refused({ spec: { vni: 'any' } }, /spec\.vni: .*must be of type integer: "string"/),
    refused({ spec: { mtu: 1400.5 } }, /spec\.mtu: .*must be of type integer/),
    refused({ spec: { subnets: CIDR } }, /spec\.subnets: .*must be of type array: "string"/),
  ],
};

const selector = (matchExpressions: readonly JsonObject[]): Attempt => ({
  spec: { namespaceSelector: { matchExpressions: [...matchExpressions] } },
});
const selectorRule: Rule = {
  rule: 'a namespaceSelector has values where it compares',
  of: 'networks',
  good: [
    { spec: { namespaceSelector: {} } },
    { spec: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } } },
    selector([{ key: 'team', operator: 'In', values: ['a'] }]),
    selector([{ key: 'team', operator: 'Exists' }]),
  ],
  bad: [
    refused(selector([{ key: 'team', operator: 'In' }]), /matchExpressions\[0\]\.values: .*write at least one/),
    refused(
      selector([{ key: 'team', operator: 'NotIn', values: [] }]),
      /matchExpressions\[0\]\.values: .*write at least one/,
    ),
    refused(
      selector([{ key: 'team', operator: 'Exists', values: ['a'] }]),
      /matchExpressions\[0\]\.values: .*remove the values/,
    ),
    refused(
      selector([{ key: 'team', operator: 'Like' }]),
      /matchExpressions\[0\]\.operator: Unsupported value: "Like"/,
    ),
  ],
};

export const networkRules: readonly Rule[] = [
  ...subnetRules,
  ...gatewayRules,
  ...rangeRules,
  ...settingRules,
  typeRule,
  selectorRule,
];
