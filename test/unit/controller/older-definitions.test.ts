// Definitions of an older version than the controller: fields that it writes are dropped by the server. It does its work all the same.
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import * as z from 'zod';
import type { Resource } from '../../../lib/api/meta.ts';
import { definitions } from '../api-server.ts';
import { isReady, settled, startCluster } from './cluster.ts';

const crds: Resource<unknown> = {
  ...{ group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' },
  ...{ plural: 'customresourcedefinitions', namespaced: false, schema: z.unknown() },
};
const properties = z.record(z.string(), z.unknown());
const definitionSchema = z.looseObject({
  spec: z.looseObject({
    versions: z.array(
      z.looseObject({
        schema: z.looseObject({
          openAPIV3Schema: z.looseObject({
            properties: z.looseObject({ status: z.looseObject({ properties }) }),
          }),
        }),
      }),
    ),
  }),
});

/** The definition of Networks without some fields of the status. */
function olderVersions(...missing: readonly string[]): unknown {
  const found = definitions.find((one) => JSON.stringify(one).includes('"name":"networks.warren.dev"'));
  const { spec } = definitionSchema.parse(structuredClone(found));
  for (const { schema } of spec.versions) {
    const { status } = schema.openAPIV3Schema.properties;
    for (const name of missing) delete status.properties[name];
  }
  return spec.versions;
}

test('networks are served though the definition lacks fields of the status, and nobody writes in circles', async (t) => {
  const cluster = await startCluster(t);
  const { client } = cluster;
  const versions = olderVersions('mtu', 'available', 'nodes', 'observedGeneration');
  await client.patch(crds, 'networks.warren.dev', { spec: { versions } });
  await cluster.pool('default', '10.0.0.0/8', 24);
  const controller = cluster.controller();
  for (const name of ['one', 'two']) await cluster.network(name);
  await settled(t, cluster, { networks: 2 });
  const [first] = await cluster.whenNetworks((all) => all.every(isReady));
  t.equal(first?.status.available, undefined, 'the server dropped it');
  await controller.idle();
  const versionsNow = async () => (await cluster.networks()).map(({ metadata }) => metadata.resourceVersion);
  const before = await versionsNow();
  await sleep(1500);
  t.same(await versionsNow(), before, 'nothing is written any more');
});
