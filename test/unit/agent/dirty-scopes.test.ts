import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import type { Cluster } from '../../../lib/agent/cluster.ts';
import { createDirtyScopes } from '../../../lib/agent/dirty-scopes.ts';
import { createScopes } from '../../../lib/agent/scopes.ts';
import { desiredScope, scopesOf, type View } from '../../../lib/agent/view.ts';
import type { NetnsRef } from '../../../lib/dataplane/object.ts';
import { createFakeKernel } from '../../../lib/kernel/fake.ts';
import { silentLogger } from '../../../lib/telemetry/log.ts';
import { exampleAttachment } from '../store/example.ts';
import { networkObject, viewOf } from './objects.ts';
import { until } from './test-agent.ts';

const blueNetns: NetnsRef = '/run/netns/warren-4097';

/** A node with one pod, on blue. */
function node() {
  const kernel = createFakeKernel();
  const looks: NetnsRef[] = [];
  const view = viewOf({ attachments: [exampleAttachment({})] });
  const state: { view: View | undefined; maySweep: boolean } = { view, maySweep: true };
  const observe = (netns: NetnsRef) => {
    looks.push(netns);
    return kernel.observe(netns);
  };
  const scopes = createScopes({
    kernel: { observe, apply: (ops) => kernel.apply(ops) },
    desired: (scope) => (state.view === undefined ? [] : desiredScope(state.view, scope)),
    isWanted: (scope) => state.view !== undefined && scopesOf(state.view).includes(scope),
    maySweep: () => state.maySweep,
  });
  const cluster: Pick<Cluster, 'network'> = {
    network: (name) => (name === 'blue' ? networkObject('blue') : undefined),
  };
  const dirty = createDirtyScopes({
    ...{ scopes, cluster, netnsDir: '/run/netns', log: silentLogger },
    ...{ view: () => state.view, maySweep: () => state.maySweep },
  });
  const has = (scope: NetnsRef): boolean =>
    kernel.objects().some(({ kind, netns }) => kind === 'bridge' && netns === scope);
  return { kernel, looks, state, dirty, has };
}

void test('what changed in the cluster is carried out soon: everywhere, or in the network that it concerns', async (t) => {
  const { dirty, has } = node();
  t.teardown(() => dirty.stop());
  dirty.network('blue');
  dirty.network('unknown');
  await until(() => has(blueNetns));
  t.notOk(has('host'));
  dirty.all();
  await until(() => has('host'));
});

void test('a burst of notifications is one look at the kernel; a container’s own namespace is its own', async (t) => {
  const { dirty, looks, kernel, has } = node();
  t.teardown(() => dirty.stop());
  dirty.all();
  await until(() => has('host') && has(blueNetns));
  looks.length = 0;
  const bridge = kernel.objects().find(({ kind, netns }) => kind === 'bridge' && netns === blueNetns)!;
  kernel.byHand({ kind: 'delete', object: bridge });
  for (let i = 0; i < 50; i++) for (const netns of [blueNetns, '/run/netns/c1'] as const) dirty.look(netns);
  await until(() => has(blueNetns));
  t.strictSame(looks, [blueNetns]);
});

void test('a look that is wanted now has been had when all is idle', async (t) => {
  const { dirty, looks, has } = node();
  t.teardown(() => dirty.stop());
  for (const netns of ['host', blueNetns] as const) dirty.look(netns, 'now');
  await dirty.idle();
  t.ok(has('host') && has(blueNetns));
  t.ok(looks.includes('host') && looks.includes(blueNetns));
});

void test('a failure is tried again until it is none', async (t) => {
  const { dirty, kernel, has } = node();
  t.teardown(() => dirty.stop());
  const forgive = kernel.refuse(({ object }) => object.kind === 'bridge');
  dirty.all();
  await until(() => kernel.tried.filter(({ object }) => object.kind === 'bridge').length > 3);
  forgive();
  await until(() => has('host') && has(blueNetns));
  await dirty.idle();
});

void test('what may not be deleted before the first sync is deleted after it, without another change', async (t) => {
  const { dirty, state, has } = node();
  t.teardown(() => dirty.stop());
  dirty.all();
  await until(() => has(blueNetns));
  state.maySweep = false;
  state.view = viewOf();
  dirty.network('blue');
  await sleep(50);
  t.ok(has(blueNetns));
  state.maySweep = true;
  await until(() => !has(blueNetns));
});

void test('a node that does not know itself yet does nothing', async (t) => {
  const { dirty, kernel, state, has } = node();
  t.teardown(() => dirty.stop());
  const { view } = state;
  state.view = undefined;
  dirty.all();
  dirty.look('host');
  await sleep(300);
  t.strictSame(kernel.tried, []);
  state.view = view;
  dirty.all();
  await until(() => has('host'));
});
