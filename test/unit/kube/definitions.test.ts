// The definitions of deploy/crds, in the lab's API server: what they let through, refuse, default and show.
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'tap';
import { parse } from 'yaml';
import { addressPools } from '../../../lib/api/address-pool.ts';
import type { Resource } from '../../../lib/api/meta.ts';
import { networkClaims } from '../../../lib/api/network-claim.ts';
import { networkEndpoints } from '../../../lib/api/network-endpoint.ts';
import { networks } from '../../../lib/api/network.ts';
import { nodePeers } from '../../../lib/api/node-peer.ts';
import { ApiError } from '../../../lib/kube/error.ts';
import { startTestApi } from '../api-server.ts';

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}
interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: {
      readonly plural: string;
      readonly kind: string;
      readonly shortNames: string[];
      readonly categories: string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Schema };
      readonly additionalPrinterColumns: readonly {
        readonly name: string;
        readonly description: string;
        readonly priority?: number;
      }[];
    }[];
  };
}

const root = resolve(import.meta.dirname, '../../..');
const files = globSync(resolve(root, 'deploy/crds/*.yaml'));
const definitions = files.map((file) => parse(readFileSync(file, 'utf8')) as Definition);
const bySingular = new Map(definitions.map((definition) => [definition.spec.names.kind, definition]));

const resources: readonly Resource<unknown>[] = [networks, addressPools, networkEndpoints, nodePeers, networkClaims];

test('there is a definition for each of our kinds, under the names of design.md', async (t) => {
  t.equal(definitions.length, resources.length);
  const shortNames = {
    Network: 'wnet',
    AddressPool: 'wpool',
    NetworkEndpoint: 'wep',
    NodePeer: 'wpeer',
    NetworkClaim: 'wclaim',
  };
  for (const { group, version, kind, plural } of resources) {
    t.match(bySingular.get(kind), {
      metadata: { name: `${plural}.${group}` },
      spec: {
        ...{ group, scope: 'Cluster' },
        names: { plural, shortNames: [shortNames[kind as keyof typeof shortNames]], categories: ['warren'] },
        versions: [{ name: version }],
      },
    });
  }
});

/** Fields whose name says it all. */
const obvious = new Set(['status', 'kind', 'namespace', 'name', 'metadata']);

function undescribed(schema: Schema, path: string): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.description === undefined && !obvious.has(name) ? [`${path}.${name}`] : []),
    ...undescribed(field, `${path}.${name}`),
  ]);
  return [...own, ...(schema.items ? undescribed(schema.items, `${path}[]`) : [])];
}

test('kubectl explain has a sentence for every field', async (t) => {
  for (const { metadata, spec } of definitions) {
    const schema = spec.versions[0]!.schema.openAPIV3Schema;
    t.ok((schema.description ?? '').length > 80, metadata.name);
    t.same(undescribed(schema, metadata.name), []);
  }
});

test('kubectl get shows what people ask for first, and more with -o wide', async (t) => {
  const columns = (kind: string, isWide: boolean) =>
    bySingular
      .get(kind)!
      .spec.versions[0]!.additionalPrinterColumns.filter(({ priority = 0 }) => priority > 0 === isWide)
      .map(({ name }) => name);
  t.same(columns('Network', false), ['Subnet', 'VNI', 'Encrypted', 'Endpoints', 'Available', 'Nodes', 'Ready', 'Age']);
  t.ok(columns('Network', true).length >= 4);
  for (const { spec } of definitions) t.equal(columns(spec.names.kind, false).at(-1), 'Age', spec.names.kind);
});

const endpoint = {
  network: 'blue',
  addresses: ['10.0.0.2/24'],
  mac: '02:42:0a:00:00:02',
  nodeName: 'n1',
  interface: 'net1',
  containerID: 'abc',
};
const holder = { kind: 'Network', name: 'blue', uid: 'u' };

interface Case {
  readonly of: Resource<unknown>;
  readonly name?: string;
  readonly good?: readonly object[];
  readonly bad?: readonly object[];
}

const cases: readonly Case[] = [
  {
    of: networks,
    good: [
      {},
      { subnets: [{ cidr: '10.0.0.0/29' }, { cidr: 'fd00::/125', gateway: 'fd00::1' }] },
      { subnets: [{ cidr: '10.0.0.0/8', ipRange: '10.1.0.0/16', reserved: { dns: '10.0.0.53' } }] },
      { vni: 4096, mtu: 1280 },
      {
        vni: 16_777_215,
        mtu: 65_535,
        encrypted: true,
        internal: true,
        attachable: true,
        ingress: true,
        multicast: true,
      },
    ],
    bad: [
      { subnets: [{ cidr: '10.0.0.0' }] },
      { subnets: [{ cidr: '10.0.0.0/30' }] },
      { subnets: [{ cidr: '10.0.0.256/24' }] },
      { subnets: [{ cidr: 'fd00::/126' }] },
      { subnets: [{ cidr: 'ten/8' }] },
      { subnets: [{ gateway: '10.0.0.1' }] },
      { subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.1/24' }] },
      { subnets: [{ cidr: '10.0.0.0/24', ipRange: '10.0.0.0' }] },
      { subnets: [{ cidr: '10.0.0.0/24', reserved: { dns: 'ns1' } }] },
      { subnets: [{ cidr: '10.0.0.0/24' }, { cidr: '10.0.0.0/24' }] },
      { vni: 4095 },
      { vni: 16_777_216 },
      { vni: 'any' },
      { mtu: 1279 },
      { mtu: 65_536 },
      { encrypted: 'yes' },
    ],
  },
  {
    of: addressPools,
    good: [
      { cidr: '10.0.0.0/8', prefixLength: 24 },
      { cidr: 'fd00::/48', prefixLength: 64, purpose: 'gateway' },
    ],
    bad: [
      {},
      { cidr: '10.0.0.0/8' },
      { prefixLength: 24 },
      { cidr: '10.0.0.0/33', prefixLength: 24 },
      { cidr: '10.0.0.0/8', prefixLength: 0 },
      { cidr: '10.0.0.0/8', prefixLength: 126 },
      { cidr: '10.0.0.0/8', prefixLength: 24, purpose: 'pods' },
    ],
  },
  {
    of: networkEndpoints,
    good: [
      endpoint,
      { ...endpoint, addresses: ['10.0.0.2/24', 'fd00::2/64'], names: ['web', 'web.default'] },
      { ...endpoint, interface: 'eth0.100', pod: { namespace: 'default', name: 'web', uid: 'u' } },
    ],
    bad: [
      { ...endpoint, addresses: [] },
      { ...endpoint, addresses: ['10.0.0.2'] },
      { ...endpoint, mac: '03:42:0a:00:00:02' },
      { ...endpoint, mac: '0242.0a00.0002' },
      { ...endpoint, interface: 'a/b' },
      { ...endpoint, interface: 'a:b' },
      { ...endpoint, interface: 'sixteen-is-a-lot' },
      { ...endpoint, network: 'Blue' },
      { ...endpoint, network: 'a'.repeat(64) },
      { ...endpoint, containerID: '../etc' },
      { ...endpoint, pod: { namespace: 'default', name: 'web' } },
      { ...endpoint, nodeName: undefined },
    ],
  },
  {
    of: nodePeers,
    good: [{}, { gatewaySubnets: ['172.20.0.0/24', 'fd00::/64'] }],
    bad: [
      { gatewaySubnets: ['172.20.0.0'] },
      { gatewaySubnets: ['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24'] },
      { gatewaySubnets: ['10.0.0.0/24', '10.0.0.0/24'] },
    ],
  },
  {
    of: networkClaims,
    good: [
      { value: '10.0.0.0/24', pool: 'default', holder },
      { value: '4097', holder: { ...holder, kind: 'NodePeer' } },
    ],
    bad: [{}, { value: 'all', holder }, { value: '4097' }, { value: '4097', holder: { ...holder, kind: 'Pod' } }],
  },
];

for (const { of, good = [], bad = [] } of cases) {
  test(`${of.kind}: what is good comes in, what is bad is refused with the field’s name`, async (t) => {
    const { client } = await startTestApi(t);
    for (const [index, spec] of good.entries()) {
      await t.resolves(client.create(of, { metadata: { name: `good-${index}` }, spec }), JSON.stringify(spec));
    }
    for (const [index, spec] of bad.entries()) {
      const call = client.create(of, { metadata: { name: `bad-${index}` }, spec });
      const error: unknown = await call.then(
        () => 'was accepted',
        (thrown: unknown) => thrown,
      );
      t.ok(error instanceof ApiError && error.reason === 'Invalid', `${JSON.stringify(spec)}: ${String(error)}`);
      t.match(String(error), /spec/);
    }
  });
}

test('names that do not fit into labels and endpoint names are refused', async (t) => {
  const { client } = await startTestApi(t);
  for (const name of ['blue.green', 'a'.repeat(64)]) {
    const error: unknown = await client
      .create(networks, { metadata: { name }, spec: {} })
      .catch((thrown: unknown) => thrown);
    t.match(error, { reason: 'Invalid' }, name);
  }
  await t.resolves(client.create(networks, { metadata: { name: 'a'.repeat(63) }, spec: {} }));
});

test('a manifest with nothing but a name is a network with defaults', async (t) => {
  const { client } = await startTestApi(t);
  const network = await client.create(networks, { metadata: { name: 'blue' } });
  t.same(network.spec, {
    subnets: [],
    encrypted: false,
    internal: false,
    attachable: false,
    ingress: false,
    multicast: false,
  });
});

test('endpoints can be selected by network and node, claims by holder', async (t) => {
  const { client } = await startTestApi(t);
  for (const [index, nodeName] of ['n1', 'n2', 'n2'].entries()) {
    await client.create(networkEndpoints, {
      metadata: { name: `blue.10.0.0.${index}` },
      spec: { ...endpoint, nodeName },
    });
  }
  await client.create(networkClaims, { metadata: { name: 'vni.4097' }, spec: { value: '4097', holder } });
  const count = async (resource: Resource<unknown>, fieldSelector: string) =>
    (await client.list(resource, { fieldSelector })).items.length;
  t.equal(await count(networkEndpoints, 'spec.nodeName=n2'), 2);
  t.equal(await count(networkEndpoints, 'spec.network=blue,spec.nodeName=n1'), 1);
  t.equal(await count(networkClaims, 'spec.holder.name=blue'), 1);
  t.equal(await count(networkClaims, 'spec.holder.name=green'), 0);
});

test('the pools that are shipped are accepted and usable', async (t) => {
  const { client } = await startTestApi(t);
  const manifests = readFileSync(resolve(root, 'deploy/pools.yaml'), 'utf8').split(/^---$/m);
  t.equal(manifests.length, 2);
  for (const manifest of manifests) await client.create(addressPools, parse(manifest) as object);
  t.same((await client.list(addressPools)).items.map(({ spec }) => spec.purpose).sort(), ['gateway', 'network']);
});
