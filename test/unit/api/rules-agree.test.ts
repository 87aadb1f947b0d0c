// The rules of the definitions (CEL, deploy/crds) and the parsers of lib/api answer alike: both are given the same objects, right and wrong.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { test } from 'tap';
import { addressPoolSchema } from '../../../lib/api/address-pool.ts';
import { parseWith } from '../../../lib/api/field.ts';
import { endpointName, networkEndpointSchema } from '../../../lib/api/network-endpoint.ts';
import { networkViolation, type Violation } from '../../../lib/api/network-rules.ts';
import { networkSchema } from '../../../lib/api/network.ts';
import { poolViolation } from '../../../lib/api/pool-rules.ts';
import { asKubeObject, type KubeObject } from '../../../lib/lab/apiserver/object.ts';
import { parseCrd } from '../../../lib/lab/apiserver/crd.ts';
import { asString, type JsonObject } from '../../../lib/lab/apiserver/json.ts';
import { Registry, type Served } from '../../../lib/lab/apiserver/registry.ts';
import { applyDefaults } from '../../../lib/lab/apiserver/schema-prune.ts';
import { checkObject } from '../../../lib/lab/apiserver/validate.ts';
import { prefixAddress } from '../../../lib/net/address.ts';
import { definitions } from '../api-server.ts';

const registry = new Registry();
for (const definition of definitions) {
  const parsed = parseCrd(definition);
  assert.ok(parsed.ok);
  parsed.types.forEach((type) => registry.add(type));
}

const objectOf = (kind: string, name: string, spec: JsonObject): JsonObject => ({
  apiVersion: 'warren.dev/v1alpha1',
  kind,
  metadata: { name, uid: 'u', resourceVersion: '1' },
  spec,
});

/** What the API server says of an object, or of its change; undefined: it lets it in. */
function refusal(object: JsonObject, old?: JsonObject): string | undefined {
  const served = registry.findKind('warren.dev', asString(object['kind'])) as Served;
  const read = (from: JsonObject): KubeObject => {
    const copy = asKubeObject(structuredClone(from), '');
    applyDefaults(copy, served.type.schema);
    return copy;
  };
  try {
    checkObject(served, read(object), old && read(old), 'main');
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** How many came in, so that a property cannot hold by refusing everything. */
interface Tally {
  in: number;
  out: number;
}

function agree(object: JsonObject, violation: string | undefined, tally: Tally): void {
  const refused = refusal(object);
  tally[refused === undefined ? 'in' : 'out']++;
  const both = `${JSON.stringify(object)}\nthe API server: ${refused ?? 'lets it in'}\nthe parser: ${violation ?? 'takes it'}`;
  assert.equal(refused === undefined, violation === undefined, both);
}

const wordsOf = (violation: Violation | undefined): string | undefined =>
  violation && `${violation.field}: ${violation.message}`;

function networkProblem(object: JsonObject): string | undefined {
  const parsed = parseWith(networkSchema, object);
  return parsed.ok ? wordsOf(networkViolation(parsed.value)) : parsed.error;
}

function poolProblem(object: JsonObject): string | undefined {
  const parsed = parseWith(addressPoolSchema, object);
  return parsed.ok ? wordsOf(poolViolation(parsed.value)) : parsed.error;
}

function endpointProblem(object: JsonObject): string | undefined {
  const parsed = parseWith(networkEndpointSchema, object);
  if (!parsed.ok) return parsed.error;
  const { metadata, spec } = parsed.value;
  const name = endpointName(spec.network, prefixAddress(spec.addresses[0]!));
  return name === metadata.name ? undefined : `metadata.name: write ${name}`;
}

/** Few enough that addresses meet, of both families, with edges of subnets among them. */
const address = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('10.0.0.0', '10.0.0.1', '10.0.0.7', '10.0.0.8', '10.0.0.255', '10.0.1.0') },
  { weight: 3, arbitrary: fc.constantFrom('fd00::', 'fd00::1', 'fd00::7', 'fd00:0::8', 'FD00::1', 'fd00:0:0:1::') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...['127.0.0.0', '169.254.0.0', '224.0.0.0', '240.0.0.0', '0.0.0.0', '255.255.255.255', '0.1.0.0', '100.64.0.0'],
      ...['::', '::1', 'fe80::', 'ff02::', 'febf::', '2001:db8::', '::ffff:a00:1', '::ffff:10.0.0.1', '::10.0.0.1'],
    ),
  },
  { weight: 1, arbitrary: fc.ipV4() },
  { weight: 1, arbitrary: fc.ipV6() },
);

/** What a slip of the finger makes of a text. */
const slipped = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(text, fc.nat(), fc.constantFrom('', '0', ':', '.', '/', '%', ' ', '-', 'g', '::', '00'))
    .map(([of, at, put]) => {
      const index = at % (of.length + 1);
      return of.slice(0, index) + put + of.slice(index + (put === '' ? 1 : 0));
    });

const mostlyRight = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 19, arbitrary: text }, { weight: 1, arbitrary: slipped(text) });

const length = fc.oneof(
  fc.constantFrom('24', '28', '29', '30', '64', '124', '125', '126', '8', '7'),
  fc.nat({ max: 140 }).map(String),
  fc.constantFrom('', '024', '-1', '+8', '1e1', '99999'),
);
const ip = mostlyRight(address);
const cidr = mostlyRight(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom(
        ...['10.0.0.0/24', '10.0.0.0/28', '10.0.0.8/29', '10.0.1.0/24', '10.0.0.0/8', '10.0.0.0/23'],
        ...['fd00::/64', 'fd00::/125', 'fd00:0::/64', 'fd00:0:0:1::/64', 'fd00::/8'],
      ),
    },
    { weight: 3, arbitrary: fc.tuple(address, length).map(([of, bits]) => `${of}/${bits}`) },
  ),
);

const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 1 });
const defined = (object: object): JsonObject => JSON.parse(JSON.stringify(object)) as JsonObject;
/** In most cases of the subnet's family. */
const nearby = (of: string): fc.Arbitrary<string> => {
  const texts = of.includes(':')
    ? ['fd00::', 'fd00::1', 'fd00::7', 'fd00:0::7', 'FD00::6']
    : ['10.0.0.0', '10.0.0.1', '10.0.0.7', '10.0.0.14', '10.0.0.255'];
  return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...texts) }, { weight: 1, arbitrary: ip });
};
const part = (of: string): fc.Arbitrary<string> => {
  const texts = of.includes(':') ? ['fd00::/66', 'fd00::4/126'] : ['10.0.0.0/25', '10.0.0.4/30', '10.0.0.8/30'];
  return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...texts) }, { weight: 1, arbitrary: cidr });
};
const subnet = cidr.chain((of) =>
  fc.record({
    cidr: fc.constant(of),
    gateway: optional(nearby(of)),
    ipRange: optional(part(of)),
    reserved: optional(fc.dictionary(fc.constantFrom('a', 'b', 'dns'), nearby(of), { maxKeys: 2 })),
  }),
);
const name = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('blue', 'b', '0', 'a'.repeat(63)) },
  {
    weight: 2,
    arbitrary: slipped(
      fc.constantFrom('blue', 'host', 'none', 'bridge', 'default', 'pod', 'warren', 'warren-1', 'a'.repeat(64)),
    ),
  },
);
const flag = optional(fc.boolean());
const network = fc.record({
  name,
  spec: fc.record({
    subnets: optional(fc.array(subnet, { maxLength: 3 })),
    vni: optional(fc.oneof(fc.constantFrom(4095, 4096, 16_777_215, 16_777_216, 0, -1), fc.integer())),
    mtu: optional(fc.oneof(fc.constantFrom(1279, 1280, 65_535, 65_536, 0), fc.nat({ max: 70_000 }))),
    ...{ encrypted: flag, internal: flag, attachable: flag, ingress: flag, multicast: flag },
  }),
});

const RUNS = { numRuns: 1000 };

/** Both outcomes, often enough. */
const isVaried = (tally: Tally): boolean => Math.min(tally.in, tally.out) > RUNS.numRuns / 50;

test('Networks', async (t) => {
  const tally: Tally = { in: 0, out: 0 };
  fc.assert(
    fc.property(network, ({ name, spec }) => {
      const object = objectOf('Network', name, defined(spec));
      agree(object, networkProblem(object), tally);
    }),
    RUNS,
  );
  t.ok(isVaried(tally), JSON.stringify(tally));
});

test('one subnet', async (t) => {
  const tally: Tally = { in: 0, out: 0 };
  fc.assert(
    fc.property(subnet, (one) => {
      const object = objectOf('Network', 'blue', defined({ subnets: [one] }));
      agree(object, networkProblem(object), tally);
    }),
    RUNS,
  );
  t.ok(isVaried(tally), JSON.stringify(tally));
});

test('AddressPools', async (t) => {
  const tally: Tally = { in: 0, out: 0 };
  const pool = fc.record({ cidr, prefixLength: fc.oneof(fc.constantFrom(24, 29, 30, 64, 125, 126), fc.nat(140)) });
  fc.assert(
    fc.property(name, pool, (name, spec) => {
      const object = objectOf('AddressPool', name, spec);
      agree(object, poolProblem(object), tally);
    }),
    RUNS,
  );
  t.ok(isVaried(tally), JSON.stringify(tally));
});

test('NetworkEndpoints', async (t) => {
  const tally: Tally = { in: 0, out: 0 };
  const host = mostlyRight(
    fc.oneof(
      fc.constantFrom('10.0.0.1/24', '10.0.0.255/24', 'fd00::1/64', 'fd00:0::2/128', '0.0.0.0/0'),
      fc.tuple(address, length).map(([of, bits]) => `${of}/${bits}`),
    ),
  );
  const rare = <T>(usual: T, ...others: readonly T[]) =>
    fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
  const mac = mostlyRight(rare('02:42:0a:00:00:02', '02:42:0A:00:00:02', '00:00:00:00:00:00', '01:00:5e:00:00:01'));
  const ifName = mostlyRight(rare('net1', 'eth0.100', '.', '..', 'sixteen-is-a-lot', 'a'));
  const endpoint = fc.record({ addresses: fc.array(host, { minLength: 1, maxLength: 2 }), mac, interface: ifName });
  const named = fc.record({ spec: endpoint, wrong: fc.boolean() });
  fc.assert(
    fc.property(named, ({ spec, wrong }) => {
      const full = { network: 'blue', nodeName: 'n1', containerID: 'c', ...spec };
      const parsed = parseWith(networkEndpointSchema.shape.spec, full);
      const right = parsed.ok ? endpointName('blue', prefixAddress(parsed.value.addresses[0]!)) : 'blue.10.0.0.1';
      const object = objectOf('NetworkEndpoint', wrong ? 'blue.10.0.0.1' : right, full);
      agree(object, endpointProblem(object), tally);
    }),
    RUNS,
  );
  t.ok(isVaried(tally), JSON.stringify(tally));
});

/** What may be added to a network and what not, in any state of it. */
const settled = fc.record({
  subnets: fc.subarray(
    [
      { cidr: '10.0.0.0/24' },
      { cidr: '10.0.0.0/24', gateway: '10.0.0.9' },
      { cidr: '10.0.1.0/24', ipRange: '10.0.1.128/25' },
      { cidr: '10.0.1.0/24', reserved: { dns: '10.0.1.53' } },
      { cidr: 'fd00::/64' },
    ],
    { maxLength: 3 },
  ),
  vni: optional(fc.constantFrom(5000, 5001)),
  mtu: optional(fc.constantFrom(1400, 1500)),
  ...{ encrypted: fc.boolean(), ingress: fc.boolean(), internal: fc.boolean() },
});
type Settled = typeof settled extends fc.Arbitrary<infer T> ? T : never;

/** As it was, with one thing of another network. */
const changed = fc
  .tuple(
    settled,
    settled,
    fc.constantFrom<keyof Settled | 'more'>('subnets', 'more', 'vni', 'mtu', 'encrypted', 'ingress'),
  )
  .map(([before, other, what]): [Settled, Settled] => {
    if (what === 'more') return [before, { ...before, subnets: [...before.subnets, ...other.subnets] }];
    return [before, { ...before, [what]: other[what] }];
  });

test('a change of a Network is let in when it only adds subnets, or what nobody relies on', async (t) => {
  const tally: Tally = { in: 0, out: 0 };
  fc.assert(
    fc.property(changed, ([before, after]) => {
      const [old, object] = [before, after].map((spec) => objectOf('Network', 'blue', defined(spec)));
      fc.pre(refusal(old!) === undefined && refusal(object!) === undefined);
      const stays = before.subnets.every((one, i) => isDeepStrictEqual(one, after.subnets[i]));
      const same = (['vni', 'encrypted', 'ingress'] as const).every((field) => before[field] === after[field]);
      const refused = refusal(object!, old);
      tally[refused === undefined ? 'in' : 'out']++;
      assert.equal(refused === undefined, stays && same, `${JSON.stringify([before, after])}: ${refused ?? 'let in'}`);
    }),
    RUNS,
  );
  t.ok(isVaried(tally), JSON.stringify(tally));
});
