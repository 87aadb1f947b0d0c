// Informers against the lab's API server over real HTTP: what they show, through everything that a watch can suffer.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { type Network, networks } from '../../../lib/api/network.ts';
import type { Change } from '../../../lib/kube/cache.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import { createInformer, type InformerOptions } from '../../../lib/kube/informer.ts';
import { createLogger } from '../../../lib/telemetry/log.ts';
import { definitionsWithoutRules, eventually, startTestApi } from '../api-server.ts';

const quick = { retryDelayMs: () => 20 };

function startInformer(t: Test, client: KubeClient, options: InformerOptions<Network> = {}) {
  const changes: string[] = [];
  const log: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) };
  const informer = createInformer(client, networks, {
    timing: quick,
    logger: createLogger({ name: 'test', destination }),
    onChange: ({ type, object }: Change<Network>) => changes.push(`${type} ${object.metadata.name}`),
    ...options,
  });
  t.teardown(() => informer.stop());
  const names = (): string[] =>
    informer
      .list()
      .map((object) => object.metadata.name)
      .sort();
  const seen = (...expected: string[]) =>
    eventually(
      () => names(),
      (now) => JSON.stringify(now) === JSON.stringify(expected),
      5000,
    );
  return { informer, changes, log, names, seen };
}

const add = (client: KubeClient, name: string, labels = {}) =>
  client.create(networks, { metadata: { name, labels }, spec: {} });

test('it shows what is there, then every change in order', async (t) => {
  const { client } = await startTestApi(t);
  await add(client, 'blue');
  const { informer, changes, seen } = startInformer(t, client);
  t.notOk(informer.isSynced);
  await informer.synced;
  t.same(changes, ['added blue'], 'before it calls itself synced');
  await add(client, 'green');
  await client.patch(networks, 'blue', { spec: { mtu: 1400 } });
  await client.delete(networks, 'green');
  await eventually(
    () => changes.length,
    (count) => count === 4,
  );
  t.same(changes, ['added blue', 'added green', 'updated blue', 'deleted green']);
  await seen('blue');
  t.equal(informer.get('blue')?.spec.mtu, 1400);
  t.ok(informer.isConnected);
  t.ok(Date.now() - informer.lastContact < 5000);
});

test('selectors limit it, and an object that no longer matches is gone', async (t) => {
  const { client } = await startTestApi(t);
  await add(client, 'blue', { team: 'a' });
  await add(client, 'green', { team: 'b' });
  const { informer, changes, names } = startInformer(t, client, { labelSelector: 'team=a' });
  await informer.synced;
  t.same(names(), ['blue']);
  await client.patch(networks, 'green', { metadata: { labels: { team: 'a' } } });
  await client.patch(networks, 'blue', { metadata: { labels: { team: 'b' } } });
  await eventually(
    () => changes.length,
    (count) => count === 3,
  );
  t.same(changes, ['added blue', 'added green', 'deleted blue']);
});

test('a change while the connection was down is seen afterwards, once', async (t) => {
  const { client, newClient, faults } = await startTestApi(t);
  await add(client, 'blue');
  const { informer, changes, log, seen } = startInformer(t, newClient(), { timing: { retryDelayMs: () => 200 } });
  await informer.synced;
  await eventually(() => informer.isConnected, Boolean);
  faults.add({ kind: 'drop' });
  await add(client, 'green');
  await client.delete(networks, 'blue');
  await seen('green');
  t.same(changes, ['added blue', 'added green', 'deleted blue']);
  t.equal(log.filter(({ level }) => level === 'warn').length, 1, 'one warning an outage');
});

test('connections that drop again and again lose nothing', async (t) => {
  const { client, newClient, faults } = await startTestApi(t);
  const { informer, changes } = startInformer(t, newClient());
  await informer.synced;
  for (let i = 0; i < 30; i++) {
    await add(client, `net-${i}`);
    if (i % 3 === 0) faults.add({ kind: 'drop' });
    if (i % 5 === 0) await sleep(20);
  }
  await eventually(
    () => informer.list().length,
    (count) => count === 30,
  );
  t.equal(changes.length, 30, 'each exactly once');
});

for (const watches of [false, true]) {
  test(`an expired version${watches ? ', told to the open watch' : ''}: it lists again and reports what differs`, async (t) => {
    const { client, newClient, faults } = await startTestApi(t);
    for (const name of ['blue', 'green', 'red']) await add(client, name);
    const { informer, changes, seen } = startInformer(t, newClient());
    await informer.synced;
    await eventually(() => informer.isConnected, Boolean);
    const outage = faults.add({ kind: 'refuse', resource: 'networks' });
    faults.remove(outage.id);
    // While the informer waits to come back: changes, and a history that no longer has them.
    await client.delete(networks, 'green');
    await client.patch(networks, 'red', { spec: { mtu: 1400 } });
    await add(client, 'grey');
    faults.add({ kind: 'expire', watches });
    await seen('blue', 'grey', 'red');
    t.same(changes.slice(3).sort(), ['added grey', 'deleted green', 'updated red'], 'nothing about blue');
    await add(client, 'white');
    await seen('blue', 'grey', 'red', 'white');
  });
}

test('a watch that falls silent without being closed is given up', async (t) => {
  const { client, newClient, faults } = await startTestApi(t);
  const { informer, log, seen } = startInformer(t, newClient(), { timing: { ...quick, inactivityMs: 300 } });
  await informer.synced;
  await eventually(() => informer.isConnected, Boolean);
  const stall = faults.add({ kind: 'stall', durationSeconds: 1 });
  await add(client, 'blue');
  await sleep(100);
  t.same(informer.list(), [], 'held back');
  await eventually(
    () => log.map(({ reason }) => String(reason)).join(),
    (text) => text.includes('silent for 300 ms'),
  );
  faults.remove(stall.id);
  await seen('blue');
});

test('a server that is not there at the start is waited for', async (t) => {
  const { client, newClient, faults } = await startTestApi(t);
  await add(client, 'blue');
  const refuse = faults.add({ kind: 'refuse' });
  const { informer, seen } = startInformer(t, newClient());
  await sleep(100);
  t.notOk(informer.isSynced);
  t.notOk(informer.isConnected);
  faults.remove(refuse.id);
  await informer.synced;
  await seen('blue');
});

test('errors of the server are waited out', async (t) => {
  const { client, newClient, faults } = await startTestApi(t);
  for (const code of [429, 500, 503] as const) faults.add({ kind: 'error', code, rate: 0.5, durationSeconds: 1 });
  const { informer } = startInformer(t, newClient(), { timing: { retryDelayMs: () => 5 } });
  await informer.synced;
  faults.clear();
  await add(client, 'blue');
  await eventually(
    () => informer.list().length,
    (count) => count === 1,
  );
  t.equal(informer.get('blue')?.metadata.name, 'blue');
});

test('an object edited into nonsense is absent, reported once, and back when it is repaired', async (t) => {
  const { client, newClient } = await startTestApi(t, definitionsWithoutRules);
  // What definitions of a version without rules let through and our schema does not: host bits.
  const edit = (cidr: string) =>
    client.patch({ ...networks, schema: anything }, 'blue', { spec: { subnets: [{ cidr }] } });
  await add(client, 'blue');
  await add(client, 'green');
  const { informer, changes, log, seen } = startInformer(t, newClient());
  await informer.synced;
  await edit('10.1.0.7/24');
  await seen('green');
  await edit('10.1.0.8/24');
  await eventually(
    () => informer.unreadable()[0]?.error ?? '',
    (error) => error.includes('10.1.0.8/24'),
  );
  t.match(informer.unreadable(), [{ name: 'blue', error: /subnets\[0\]\.cidr: "10\.1\.0\.8\/24" has host bits set/ }]);
  t.equal(log.filter(({ level, object }) => level === 'warn' && object === 'blue').length, 1);
  await edit('10.1.0.0/24');
  await seen('blue', 'green');
  t.same(informer.unreadable(), []);
  t.same(changes, ['added blue', 'added green', 'deleted blue', 'added blue']);
});
const anything = networks.schema.or(networks.schema.catch(undefined as never));

test('a handler that throws is logged and misses nothing of what follows', async (t) => {
  const { client } = await startTestApi(t);
  const seenNames: string[] = [];
  const { informer, log } = startInformer(t, client, {
    onChange: ({ object }) => {
      seenNames.push(object.metadata.name);
      if (object.metadata.name === 'bad') throw new Error('handler broke');
    },
  });
  await informer.synced;
  await add(client, 'bad');
  await add(client, 'good');
  await eventually(
    () => seenNames.length,
    (count) => count === 2,
  );
  t.match(
    log.find(({ level }) => level === 'error'),
    { err: { message: 'handler broke' }, object: 'bad' },
  );
});

test('stop ends it at once, also while it waits for a server, and it changes no more', async (t) => {
  const { client, newClient, faults } = await startTestApi(t);
  const { informer, changes } = startInformer(t, newClient());
  await informer.synced;
  const start = performance.now();
  await informer.stop();
  t.ok(performance.now() - start < 500);
  await add(client, 'late');
  await sleep(50);
  t.same(changes, []);

  faults.add({ kind: 'refuse' });
  const waiting = startInformer(t, newClient(), { timing: { retryDelayMs: () => 60_000 } }).informer;
  await sleep(50);
  await waiting.stop();
  await t.rejects(waiting.synced, { message: /stopped before its first list/ });
});

test('a server that ends each watch at once is not asked in a tight loop', async (t) => {
  const { client, newClient, faults } = await startTestApi(t);
  const delays: number[] = [];
  const retryDelayMs = (attempt: number): number => {
    delays.push(attempt);
    return 20;
  };
  const { informer } = startInformer(t, newClient(), { timing: { retryDelayMs } });
  await informer.synced;
  for (let i = 0; i < 5; i++) {
    await eventually(() => informer.isConnected, Boolean);
    faults.add({ kind: 'drop' });
    await eventually(
      () => delays.length,
      (count) => count > i,
    );
  }
  t.same(delays.slice(0, 5), [0, 1, 2, 3, 4], 'each attempt counts as another failure');
  await add(client, 'blue');
  await eventually(
    () => informer.list().length,
    (count) => count === 1,
  );
});
