import { test } from 'tap';
import type { AllocatedSubnet } from '../../../lib/api/network.ts';
import { type AddressRequest, chooseAddresses } from '../../../lib/ipam/address.ts';
import { type IpAddress, parseIp, parsePrefix } from '../../../lib/net/address.ts';
import { must } from '../../../lib/net/result.ts';

const ip = (text: string) => must(parseIp(text));
const subnet = (cidr: string, gateway: string, more: Partial<Pick<AllocatedSubnet, 'ipRange' | 'reserved'>> = {}) => ({
  cidr: must(parsePrefix(cidr)),
  gateway: ip(gateway),
  ...more,
});
const four = subnet('10.0.0.0/24', '10.0.0.1');
const six = subnet('fd00::/64', 'fd00::1');
const request = (subnets: readonly AllocatedSubnet[], more: Partial<AddressRequest> = {}): AddressRequest => ({
  ...{ network: 'blue', subnets, inUse: new Set<IpAddress>(), wanted: [] },
  ...more,
});
const chosen = (of: AddressRequest) => {
  const result = chooseAddresses(of);
  return result.ok ? result.value.join(' ') : `${result.error.code}: ${result.error.message}`;
};
const used = (...texts: readonly string[]) => ({ inUse: new Set(texts.map(ip)) });
const wanted = (...texts: readonly string[]) => ({ wanted: texts.map(ip) });
const range = (text: string) => ({ ipRange: must(parsePrefix(text)) });

const cases: { readonly [group: string]: readonly (readonly [what: string, of: AddressRequest, expected: string])[] } =
  {
    'which address comes next': [
      ['the first one is the gateway’s', request([four]), '10.0.0.2/24'],
      ['the one after the last given', request([four], { cursor: ip('10.0.0.7') }), '10.0.0.8/24'],
      [
        'a freed address is not given again at once',
        request([four], { ...used('10.0.0.3'), cursor: ip('10.0.0.3') }),
        '10.0.0.4/24',
      ],
      ['around the end', request([four], { cursor: ip('10.0.0.254') }), '10.0.0.2/24'],
      ['past what is in use', request([four], used('10.0.0.2', '10.0.0.3')), '10.0.0.4/24'],
      ['a cursor of a subnet that is gone', request([four], { cursor: ip('10.7.7.7') }), '10.0.0.2/24'],
      ['a gateway in the middle', request([subnet('10.0.0.0/29', '10.0.0.2')]), '10.0.0.1/29'],
      ['a jump after a lost race', request([four], { cursor: ip('10.0.0.7'), jump: 0.5 }), '10.0.0.128/24'],
      ['the furthest jump', request([four], { jump: 0.999999 }), '10.0.0.254/24'],
    ],
    'what of a subnet is given': [
      ['only its ipRange', request([subnet('10.0.0.0/24', '10.0.0.1', range('10.0.0.64/26'))]), '10.0.0.64/24'],
      [
        'no reserved address',
        request([subnet('10.0.0.0/24', '10.0.0.1', { reserved: { router: ip('10.0.0.2') } })]),
        '10.0.0.3/24',
      ],
      [
        'neither network nor broadcast address, in a range that holds both',
        request([subnet('10.0.0.0/30', '10.0.0.1', range('10.0.0.0/30'))]),
        '10.0.0.2/30',
      ],
      ['both addresses of a /31', request([subnet('10.0.0.0/31', '10.0.0.0')]), '10.0.0.1/31'],
      ['of IPv6 all but the first', request([subnet('fd00::/126', 'fd00::1')], used('fd00::2')), 'fd00::3/126'],
      [
        'the next subnet when one is full',
        request([subnet('10.0.0.0/30', '10.0.0.1'), subnet('10.0.1.0/30', '10.0.1.1')], used('10.0.0.2')),
        '10.0.1.2/30',
      ],
    ],
    'when there is none': [
      [
        'all in use',
        request([subnet('10.0.0.0/30', '10.0.0.1')], used('10.0.0.2')),
        'exhausted: network "blue" has no free address left in 10.0.0.0/30: remove endpoints or add a subnet to the Network',
      ],
      [
        'a range without a usable address',
        request([subnet('10.0.0.0/24', '10.0.0.1', range('10.0.0.0/32'))]),
        'exhausted: network "blue" has no free address left in 10.0.0.0/32: remove endpoints or add a subnet to the Network',
      ],
      [
        'no subnet',
        request([]),
        'exhausted: network "blue" has no free address left in no subnet: remove endpoints or add a subnet to the Network',
      ],
    ],
    'both families': [
      [
        'the IPv6 address has the IPv4 host part',
        request([four, six], { cursor: ip('10.0.0.8') }),
        '10.0.0.9/24 fd00::9/64',
      ],
      ['in whatever order the subnets are', request([six, four]), '10.0.0.2/24 fd00::2/64'],
      [
        'an IPv4 address is skipped with a partner in use',
        request([four, six], used('fd00::2')),
        '10.0.0.3/24 fd00::3/64',
      ],
      ['or with the gateway as its partner', request([four, subnet('fd00::/64', 'fd00::2')]), '10.0.0.3/24 fd00::3/64'],
      [
        'subnets of one family are laid end to end',
        request([four, subnet('10.0.1.0/24', '10.0.1.1'), six], { cursor: ip('10.0.1.5') }),
        '10.0.1.6/24 fd00::106/64',
      ],
      [
        'a small IPv6 subnet is the limit',
        request([four, subnet('fd00::/126', 'fd00::1')], used('10.0.0.2', '10.0.0.3')),
        'exhausted: network "blue" has no free address left in 10.0.0.0/24, fd00::/126: remove endpoints or add a subnet to the Network',
      ],
    ],
    'an address that is asked for': [
      ['is given', request([four], wanted('10.0.0.77')), '10.0.0.77/24'],
      [
        'also outside the ipRange',
        request([subnet('10.0.0.0/24', '10.0.0.1', range('10.0.0.64/26'))], wanted('10.0.0.5')),
        '10.0.0.5/24',
      ],
      ['with its partner', request([four, six], wanted('10.0.0.77')), '10.0.0.77/24 fd00::4d/64'],
      ['by its partner', request([four, six], wanted('fd00::4d')), '10.0.0.77/24 fd00::4d/64'],
      ['as a pair', request([four, six], wanted('fd00::4d', '10.0.0.77')), '10.0.0.77/24 fd00::4d/64'],
      [
        'not as another pair',
        request([four, six], wanted('10.0.0.7', 'fd00::9')),
        'unpaired: fd00::9 cannot be asked for besides on network "blue": there 10.0.0.7 goes with fd00::7',
      ],
      [
        'not two of one family',
        request([four], wanted('10.0.0.7', '10.0.0.8')),
        'unpaired: 10.0.0.8 cannot be asked for besides on network "blue": an interface has one address there, 10.0.0.7',
      ],
      [
        'not outside',
        request([four], wanted('10.1.0.7')),
        'outside: 10.1.0.7 is in no subnet of network "blue": its subnets are 10.0.0.0/24',
      ],
      [
        'not of a family that is not there',
        request([four], wanted('fd00::7')),
        'outside: fd00::7 is in no subnet of network "blue": its subnets are 10.0.0.0/24',
      ],
      [
        'not an IPv6 address that no IPv4 one goes with',
        request([four, six], wanted('fd00::1:0')),
        'outside: fd00::1:0 is in no subnet of network "blue": its subnets are 10.0.0.0/24, fd00::/64',
      ],
      [
        'not in use',
        request([four], { ...wanted('10.0.0.7'), ...used('10.0.0.7') }),
        'in-use: 10.0.0.7 is in use on network "blue": choose another address',
      ],
      ...['10.0.0.0', '10.0.0.1', '10.0.0.255'].map(
        (text) =>
          [
            `not ${text}`,
            request([four], wanted(text)),
            `reserved: ${text} cannot be an endpoint's address on network "blue": it is the gateway, reserved, or the first or last of its subnet`,
          ] as const,
      ),
    ],
  };
for (const [group, rows] of Object.entries(cases)) {
  void test(group, (t) => {
    for (const [what, of, expected] of rows) t.equal(chosen(of), expected, what);
    t.end();
  });
}
