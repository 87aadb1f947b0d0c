// What a person gets wrong meets one error that says what and where, and changes nothing.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import * as z from 'zod';
import { removeContainer } from '../../lib/lab/container.ts';
import { listContainers } from '../../lib/lab/container-record.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { listEndpoints, networkNamespaces } from '../../lib/lab/lab-view.ts';
import { applyManifests } from '../../lib/lab/manifest.ts';
import { network, run, settles, withLab } from './lab-harness.ts';
import { links, nodePlace } from './traffic.ts';

const eventsSchema = z.object({
  items: z.array(
    z.object({
      involvedObject: z.object({ name: z.string().optional() }),
      message: z.string().default(''),
      type: z.string().default(''),
    }),
  ),
});

/** An ADD answers within 5 s, and there are the container's own comings and goings. What only gives up is later: 30 s and more. */
const SOON_MS = 15_000;

/** Warnings about a pod. */
const warnings = async (lab: Lab, pod: string): Promise<readonly string[]> =>
  eventsSchema
    .parse(await lab.api.request('/api/v1/namespaces/default/events'))
    .items.filter(({ involvedObject, type }) => involvedObject.name === pod && type === 'Warning')
    .map(({ message }) => message);

test('a pod that asks for', async (t) => {
  const lab = await withLab(t, { nodes: 1 });
  await network(lab, 'blue');
  await network(lab, 'tiny', { subnets: [{ cidr: '10.9.0.0/29' }] });
  const before = await links(lab, nodePlace(lab, 'n1'));
  const leavesNothing = async (t: Test): Promise<void> => {
    t.strictSame(await settles(() => listEndpoints(lab), []), [], 'no endpoint is left');
    t.strictSame(await settles(() => networkNamespaces(lab, 'n1'), []), [], 'no namespace is left');
    t.strictSame(await settles(() => links(lab, nodePlace(lab, 'n1')), before), before, 'no device is left');
    t.strictSame(await listContainers(lab.layout), [], 'no container is left');
    const journal = (): Promise<readonly string[]> => readdir(join(lab.layout.node('n1').state, 'attachments'));
    t.strictSame(await settles(journal, []), [], 'the journal is empty');
  };

  const refused = [
    ['a network that does not exist', 'nowhere', /"?nowhere"?/],
    ['one network that exists and one that does not', 'blue,nowhere', /"?nowhere"?/],
    ['an annotation that is none', '[{"name": "blue"', /warren\.dev\/networks.*JSON/],
    ['an interface that is taken', 'blue@eth0', /eth0.*taken/],
    ['an unknown key', '[{"name": "blue", "ipam": {}}]', /unknown key "ipam"/],
    [
      'an address outside the subnet',
      '[{"name": "tiny", "ips": ["10.10.0.2"]}]',
      /10\.10\.0\.2.*(tiny|10\.9\.0\.0\/29)/s,
    ],
    ["the gateway's address", '[{"name": "tiny", "ips": ["10.9.0.1"]}]', /10\.9\.0\.1/],
  ] as const;
  for (const [i, [what, annotation, error]] of refused.entries()) {
    // Of its own: the events of another row's pod are no events of this one.
    const pod = `refused${i}`;
    await t.test(`${what} is refused soon, in words that name it`, async (t) => {
      const start = performance.now();
      await t.rejects(run(lab, pod, 'n1', annotation), error);
      t.ok(performance.now() - start < SOON_MS, 'soon');
      const seen = await settles(async () => (await warnings(lab, pod)).some((message) => error.test(message)), true);
      t.ok(seen, `the pod has an event: ${(await warnings(lab, pod)).join(' | ')}`);
      await leavesNothing(t);
    });
  }

  await t.test('an address that another has is refused, and the other keeps it', async (t) => {
    const held = JSON.stringify([{ name: 'tiny', ips: ['10.9.0.5'] }]);
    await run(lab, 'first', 'n1', held);
    await t.rejects(run(lab, 'second', 'n1', held), /10\.9\.0\.5/);
    const claimed = async () => (await listEndpoints(lab)).map(({ addresses }) => addresses);
    t.strictSame(await settles(claimed, [['10.9.0.5/29']]), [['10.9.0.5/29']]);
    await removeContainer(lab, 'first');
    await leavesNothing(t);
  });

  await t.test('one address more than a subnet has is refused, naming network and subnet', async (t) => {
    // 10.9.0.0/29: 8 addresses without network, broadcast and gateway.
    const names = ['c1', 'c2', 'c3', 'c4', 'c5'];
    for (const name of names) await run(lab, name, 'n1', 'tiny');
    await t.rejects(run(lab, 'c6', 'n1', 'tiny'), /(?=.*tiny)(?=.*10\.9\.0\.0\/29)/s);
    for (const name of names) await removeContainer(lab, name);
    await leavesNothing(t);
  });
});

test('a manifest that is wrong is refused by the API server, naming the field', async (t) => {
  const lab = await withLab(t, { nodes: 1 });
  const apply = (spec: unknown) =>
    applyManifests(
      lab.api,
      JSON.stringify({ apiVersion: 'warren.dev/v1alpha1', kind: 'Network', metadata: { name: 'bad' }, spec }),
      'bad.yaml',
    );
  for (const [spec, error] of [
    [{ subnets: [{ cidr: '10.0.0.0' }] }, /bad\.yaml: network\.warren\.dev\/bad: .*spec\.subnets\[0\]/],
    [{ vni: 7 }, /spec\.vni/],
    [{ mtu: 'large' }, /spec\.mtu/],
  ] as const) {
    await t.rejects(apply(spec), error);
  }
  await t.rejects(lab.api.request('/apis/warren.dev/v1alpha1/networks/bad'), /not found/);
});
