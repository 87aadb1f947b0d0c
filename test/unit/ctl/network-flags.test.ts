import { test } from 'tap';
import { networkSchema } from '../../../lib/api/network.ts';
import { dockerOptions, parseDriverOptions } from '../../../lib/ctl/driver-options.ts';
import { type NetworkFlags, networkFromFlags } from '../../../lib/ctl/network-flags.ts';
import { poolFromFlags } from '../../../lib/ctl/pool-flags.ts';
import { network } from './objects.ts';

const none: NetworkFlags = {
  ...{ name: 'blue', driver: 'overlay', subnet: [], gateway: [], ipRange: [], auxAddress: [], opt: [], label: [] },
  ...{ internal: false, attachable: false, ingress: false, ipv6: false },
};
const MTU = 'com.docker.network.driver.mtu';
const VNI = 'com.docker.network.driver.overlay.vxlanid_list';

test('flags become the spec that says the same', (t) => {
  const cases: readonly (readonly [Partial<NetworkFlags>, object])[] = [
    [{}, {}],
    [
      { attachable: true, internal: true },
      { attachable: true, internal: true },
    ],
    [{ ingress: true, scope: 'swarm' }, { ingress: true }],
    [{ opt: ['encrypted', `${MTU}=1400`, `${VNI}=5000`] }, { encrypted: true, mtu: 1324, vni: 5000 }],
    [{ opt: [`${MTU}=1500`] }, { mtu: 1450 }],
    [{ opt: ['encrypted=false'] }, {}],
    [
      {
        subnet: ['10.1.0.0/24', 'fd00::/64'],
        gateway: ['fd00::9', '10.1.0.254'],
        ipRange: ['10.1.0.128/25'],
        auxAddress: ['router=10.1.0.2', 'nas=10.1.0.3', 'six=fd00::5'],
        ipv6: true,
      },
      {
        subnets: [
          {
            cidr: '10.1.0.0/24',
            gateway: '10.1.0.254',
            ipRange: '10.1.0.128/25',
            reserved: { router: '10.1.0.2', nas: '10.1.0.3' },
          },
          { cidr: 'fd00::/64', gateway: 'fd00::9', reserved: { six: 'fd00::5' } },
        ],
      },
    ],
  ];
  for (const [flags, spec] of cases) {
    const made = networkFromFlags({ ...none, ...flags });
    if (!made.ok) t.fail(made.error);
    else {
      t.strictSame(made.value.spec, spec);
      const whole = { apiVersion: 'warren.dev/v1alpha1', kind: 'Network', ...made.value };
      const metadata = { ...made.value.metadata, uid: 'u', resourceVersion: '1' };
      t.ok(networkSchema.safeParse({ ...whole, metadata }).success, 'is a Network');
    }
  }
  t.end();
});

test('labels are those of Kubernetes', (t) => {
  const made = networkFromFlags({ ...none, label: ['team=a', 'example.com/x=1.2', 'bare'] });
  t.strictSame(made.ok && made.value.metadata, {
    name: 'blue',
    labels: { team: 'a', 'example.com/x': '1.2', bare: '' },
  });
  t.end();
});

test('what cannot be meant is refused with what to write', (t) => {
  const cases: readonly (readonly [Partial<NetworkFlags>, RegExp])[] = [
    [{ name: 'Blue' }, /"Blue" is not a network name: 1 to 63 lower-case/],
    [{ driver: 'bridge' }, /--driver bridge: Warren's networks are overlays/],
    [{ scope: 'local' }, /--scope local: a Network spans the cluster/],
    [{ ingress: true, attachable: true }, /exclude each other/],
    [{ subnet: ['10.0.0.1/24'] }, /--subnet: .*should be 10\.0\.0\.0\/24/],
    [{ subnet: ['10.0.0.0'] }, /--subnet: .*no prefix length/],
    [{ subnet: ['10.0.0.0/24', '10.0.0.128/25'] }, /overlaps 10\.0\.0\.0\/24 of the same network/],
    [{ gateway: ['10.0.0.1'] }, /--gateway 10\.0\.0\.1 needs a subnet/],
    [{ ipRange: ['10.0.0.0/25'] }, /--ip-range 10\.0\.0\.0\/25 needs a subnet/],
    [{ auxAddress: ['a=10.0.0.1'] }, /--aux-address a=10\.0\.0\.1 needs a subnet/],
    [{ subnet: ['10.0.0.0/24'], gateway: ['10.0.1.1'] }, /is in none of the subnets 10\.0\.0\.0\/24/],
    [{ subnet: ['10.0.0.0/24'], gateway: ['10.0.0.1', '10.0.0.2'] }, /has two, 10\.0\.0\.1 and 10\.0\.0\.2/],
    [{ subnet: ['10.0.0.0/24'], ipRange: ['10.0.0.0/16'] }, /is in none of the subnets/],
    [{ subnet: ['10.0.0.0/24'], ipRange: ['10.0.0.9/25'] }, /--ip-range: .*host bits/],
    [{ subnet: ['10.0.0.0/24'], ipRange: ['10.0.0.0/25', '10.0.0.128/25'] }, /has two/],
    [{ subnet: ['10.0.0.0/24'], auxAddress: ['10.0.0.1'] }, /write NAME=ADDRESS/],
    [{ subnet: ['10.0.0.0/24'], auxAddress: ['a=x'] }, /--aux-address a: "x" is not an IP/],
    [{ subnet: ['10.0.0.0/24'], auxAddress: ['a=10.0.0.1', 'a=10.0.0.2'] }, /a is there twice/],
    [{ subnet: ['10.0.0.0/24'], ipv6: true }, /none of the subnets is an IPv6 one/],
    [{ label: ['-x=1'] }, /"-x" is no label key/],
    [{ label: ['x=a b'] }, /"a b" is no label value/],
    [{ opt: ['encryptd'] }, /--opt encryptd: unknown; known are encrypted, com/],
    [{ opt: ['encrypted=maybe'] }, /write --opt encrypted, or leave it out/],
    [{ opt: [`${MTU}=1300`] }, /a whole number from 1330 to 65535/],
    [{ opt: ['encrypted', `${MTU}=1350`] }, /a whole number from 1356/],
    [{ opt: [`${MTU}=`] }, /write the underlay's MTU/],
    [{ opt: [`${VNI}=5000,5001`] }, /a network has one VNI here/],
    [{ opt: [`${VNI}=12`] }, /from 4096 to 16777215/],
    [{ opt: [VNI] }, /is not a VNI/],
  ];
  for (const [flags, message] of cases) {
    const made = networkFromFlags({ ...none, ...flags });
    t.match(made.ok ? 'accepted' : made.error, message, JSON.stringify(flags));
  }
  t.end();
});

test("docker's options come back from the spec that they made", (t) => {
  for (const opt of [[], ['encrypted'], [`${MTU}=1400`], ['encrypted', `${MTU}=1400`, `${VNI}=5000`]]) {
    const parsed = parseDriverOptions(opt);
    if (!parsed.ok) return t.fail(parsed.error);
    const shown = dockerOptions(network('blue', { spec: parsed.value, status: { vni: undefined } }));
    const texts = [...shown].map(([key, value]) => (value === '' ? key : `${key}=${value}`));
    t.strictSame(texts.toSorted(), opt.toSorted());
  }
  t.end();
});

test('a pool is cut into subnets that fit, under a name that says so', (t) => {
  const of = (cidr: string, prefixLength?: number) => poolFromFlags({ cidr, prefixLength, purpose: 'network' });
  t.strictSame(of('10.20.0.0/16'), {
    ok: true,
    value: {
      metadata: { name: 'network-10-20-0-0-16' },
      spec: { cidr: '10.20.0.0/16', prefixLength: 24, purpose: 'network' },
    },
  });
  const six = of('fd00:10::/48');
  t.equal(six.ok && six.value.metadata.name, 'network-fd00-10-48');
  t.equal(six.ok && six.value.spec.prefixLength, 64);
  for (const [cidr, length, message] of [
    ['10.20.0.1/16', undefined, /host bits/],
    ['10.20.0.0/16', 8, /subnets of \/16 to \/29/],
    ['10.20.0.0/16', 30, /subnets of \/16 to \/29/],
    ['10.20.0.0/25', undefined, /--prefix-length 24: 10\.20\.0\.0\/25 can be cut into subnets of \/25/],
  ] as const) {
    const made = of(cidr, length);
    t.match(made.ok ? 'accepted' : made.error, message);
  }
  t.end();
});
