/** The rules of what networks are made from: pools, claims, endpoints, peers. */
import type { JsonObject } from '../../../lib/lab/apiserver/json.ts';
import type { Attempt, Refused, Rule } from './rule.ts';

const refused = (attempt: Attempt, says: RegExp): Refused => ({ ...attempt, says });
const pool = (cidr: string, prefixLength: number, purpose = 'network'): Attempt => ({
  spec: { cidr, prefixLength, purpose },
});

const poolRules: readonly Rule[] = [
  {
    rule: 'a pool is an address range without host bits',
    of: 'addresspools',
    good: [pool('10.0.0.0/8', 24), pool('fd00::/48', 64, 'gateway'), pool('10.0.0.0/29', 29)],
    bad: [
      refused(pool('10.0.0.0', 24), /spec\.cidr: .*no address range: write one with its prefix length/),
      refused(pool('10.0.0.1/8', 24), /spec\.cidr: .*has host bits set: write 10\.0\.0\.0\/8/),
      refused(pool('0.0.0.0/0', 24), /spec\.cidr: .*too large: write a prefix length of 8 or more/),
      refused(pool('127.0.0.0/8', 24), /spec\.cidr: .*a meaning of its own .*: write one such as/),
    ],
  },
  {
    rule: 'subnets of a pool are no larger than it, and no smaller than /29',
    of: 'addresspools',
    good: [pool('10.0.0.0/24', 24), pool('10.0.0.0/24', 29), pool('fd00::/64', 125)],
    bad: [
      refused(
        pool('10.0.0.0/24', 23),
        /spec\.prefixLength: .*no larger than its pool: write the prefix length of 10\.0\.0\.0\/24/,
      ),
      refused(pool('10.0.0.0/24', 30), /spec\.prefixLength: .*too small: write a prefix length of 29/),
      refused(pool('fd00::/64', 126), /spec\.prefixLength: .*too small: write a prefix length of 125/),
    ],
  },
  {
    rule: 'a pool has a purpose that there is, and a short name',
    of: 'addresspools',
    good: [{ name: 'a'.repeat(63), ...pool('10.0.0.0/8', 24) }],
    bad: [
      refused(
        pool('10.0.0.0/8', 24, 'pods'),
        /spec\.purpose: Unsupported value: "pods": supported values: "(network|gateway)"/,
      ),
      refused(
        { name: 'a.b', ...pool('10.0.0.0/8', 24) },
        /metadata\.name: .*a\.b is no name for an AddressPool: write at most 63/,
      ),
      refused({ name: 'a'.repeat(64), ...pool('10.0.0.0/8', 24) }, /metadata\.name: .*write at most 63/),
    ],
  },
];

const holder = { kind: 'Network', name: 'blue', uid: 'u' };
const claim = (name: string, value: string): Attempt => ({ name, spec: { value, holder } });
const LONG = 'fd00-0000-0000-0000-0000-0000-0000-0000';
const claimRules: readonly Rule[] = [
  {
    rule: 'a claim has the name of its value',
    of: 'networkclaims',
    good: [
      claim('vni.4097', '4097'),
      claim('subnet.10.0.0.0.24', '10.0.0.0/24'),
      claim(`subnet.${LONG}.64`, 'fd00::/64'),
      claim('ingress', 'ingress'),
    ],
    bad: [
      ['vni.4098', '4097'],
      ['4097', '4097'],
      ['subnet.10.0.0.0.25', '10.0.0.0/24'],
      ['subnet.10.0.1.0.24', '10.0.0.0/24'],
      ['subnet.fd00--1.128', 'fd00::1/128'],
      [`subnet.${LONG}.65`, 'fd00::/64'],
      [`subnet.${LONG.replace('fd00', 'fd01')}.64`, 'fd00::/64'],
      ['ingress2', 'ingress'],
    ].map(([name = '', value = '']) =>
      refused(claim(name, value), /metadata\.name: .* does not stand for .*: a claim is named/),
    ),
  },
  {
    rule: 'a claim is on a subnet, a VNI or ingress',
    of: 'networkclaims',
    good: [],
    bad: [
      refused(claim('vni.all', 'all'), /spec\.value: .*nothing that can be claimed: write a subnet such as/),
      refused(claim('vni.4095', '4095'), /spec\.value: .*a VNI from 4096 to 16777215/),
      refused(claim('vni.16777216', '16777216'), /spec\.value: .*a VNI from 4096/),
      refused(claim('subnet.10.0.0.1.24', '10.0.0.1/24'), /spec\.value: .*write a subnet such as/),
    ],
  },
  {
    rule: 'a claim is not changed',
    of: 'networkclaims',
    good: [],
    bad: [
      refused(
        {
          name: 'vni.4097',
          from: { spec: { value: '4097', holder } },
          spec: { value: '4097', holder: { ...holder, name: 'green' } },
        },
        /spec: .*a claim is never changed.*: delete it/,
      ),
    ],
  },
];

const endpointSpec = {
  ...{ network: 'blue', addresses: ['10.0.0.2/24'], mac: '02:42:0a:00:00:02', nodeName: 'n1' },
  ...{ interface: 'net1', containerID: 'abc' },
};
const endpoint = (fields: JsonObject = {}, name = 'blue.10.0.0.2'): Attempt => ({
  name,
  spec: { ...endpointSpec, ...fields },
});
const V6 = 'fd00-0000-0000-0000-0000-0000-0000-0002';

const endpointRules: readonly Rule[] = [
  {
    rule: 'an endpoint has the name of its network and first address',
    of: 'networkendpoints',
    good: [
      endpoint(),
      endpoint({ addresses: ['fd00::2/64'] }, `blue.${V6}`),
      endpoint({ addresses: ['10.0.0.2/24', 'fd00::2/64'] }),
    ],
    bad: [
      endpoint({}, 'blue.10.0.0.3'),
      endpoint({}, 'green.10.0.0.2'),
      endpoint({ addresses: ['fd00::2/64'] }, 'blue.fd00--2'),
      endpoint({ addresses: ['fd00::3/64'] }, `blue.${V6}`),
      endpoint({ addresses: ['fd00::2/64'] }, `green.${V6}`),
    ].map((attempt) =>
      refused(attempt, /metadata\.name: .* does not stand for .* on blue: an endpoint is named blue\.10\.0\.0\.2/),
    ),
  },
  {
    rule: 'the fields of an endpoint are what the kernel takes',
    of: 'networkendpoints',
    good: [endpoint({ interface: 'eth0.100', mac: '02:42:0A:00:00:02' })],
    bad: [
      refused(
        endpoint({ addresses: ['10.0.0.2'] }),
        /spec\.addresses\[0\]: .*no address with a prefix length: write one such as/,
      ),
      ...['03:42:0a:00:00:02', '00:00:00:00:00:00', '0242.0a00.0002'].map((mac) =>
        refused(endpoint({ mac }), /spec\.mac: .*no unicast Ethernet address: write six pairs/),
      ),
      ...['a/b', 'a:b', 'a b', '..'].map((name) =>
        refused(endpoint({ interface: name }), /spec\.interface: .*no interface name: write 1 to 15/),
      ),
      refused(endpoint({ containerID: '../etc' }), /spec\.containerID: .*no container id: write letters/),
      refused(endpoint({ network: 'blue.green' }, 'blue.green.10.0.0.2'), /spec\.network: .*no name of a Network/),
    ],
  },
  {
    rule: 'an endpoint stays what it is',
    of: 'networkendpoints',
    good: [{ ...endpoint({ names: ['web'] }), from: { spec: endpointSpec } }],
    bad: [{ nodeName: 'n2' }, { mac: '02:42:0a:00:00:03' }, { pod: { namespace: 'a', name: 'b', uid: 'c' } }].map(
      (fields) =>
        refused({ ...endpoint(fields), from: { spec: endpointSpec } }, /spec: .*leave all but its names as they are/),
    ),
  },
];

const peer = (...gatewaySubnets: readonly string[]): Attempt => ({
  name: 'n1.example',
  spec: { gatewaySubnets: [...gatewaySubnets] },
});
const peerRule: Rule = {
  rule: 'a node has one gateway subnet of each family',
  of: 'nodepeers',
  good: [peer(), peer('172.20.0.0/24'), peer('172.20.0.0/24', 'fd00::/64')],
  bad: [
    refused(
      peer('172.20.0.0/24', '172.20.1.0/24'),
      /spec\.gatewaySubnets: .*one subnet of each address family: remove the others/,
    ),
    refused(peer('172.20.0.0'), /spec\.gatewaySubnets\[0\]: .*no subnet: write an address range/),
    refused(peer('172.20.0.1/24'), /spec\.gatewaySubnets\[0\]: .*has host bits set: write 172\.20\.0\.0\/24/),
    refused(peer('172.20.0.0/30'), /spec\.gatewaySubnets\[0\]: .*too small: write a prefix length of 29/),
  ],
};

export const otherRules: readonly Rule[] = [...poolRules, ...claimRules, ...endpointRules, peerRule];
