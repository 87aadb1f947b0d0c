// The definitions of deploy/crds, in the lab's API server: what they default, select and show. What they refuse is in test/api/rules.
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

test('endpoints can be selected by network, node and pod, claims by holder', async (t) => {
  const { client } = await startTestApi(t);
  for (const [index, nodeName] of ['n1', 'n2', 'n2'].entries()) {
    const address = `10.0.0.${index + 2}`;
    const pod = { namespace: 'shop', name: `web-${index}`, uid: 'u' };
    await client.create(networkEndpoints, {
      metadata: { name: `blue.${address}` },
      spec: { ...endpoint, addresses: [`${address}/24`], nodeName, pod },
    });
  }
  await client.create(networkClaims, { metadata: { name: 'vni.4097' }, spec: { value: '4097', holder } });
  const count = async (resource: Resource<unknown>, fieldSelector: string) =>
    (await client.list(resource, { fieldSelector })).items.length;
  t.equal(await count(networkEndpoints, 'spec.nodeName=n2'), 2);
  t.equal(await count(networkEndpoints, 'spec.network=blue,spec.nodeName=n1'), 1);
  t.equal(await count(networkEndpoints, 'spec.pod.name=web-1'), 1);
  t.equal(await count(networkEndpoints, 'spec.pod.namespace=shop'), 3);
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
