// Two controllers: one that takes over, and two that lead at once. Whatever happens, nothing is given twice and nothing is lost.
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test, test } from 'tap';
import { networks } from '../../lib/api/network.ts';
import { startController } from '../../lib/controller/controller.ts';
import { findCondition } from '../../lib/kube/status.ts';
import { silentLogger } from '../../lib/telemetry/log.ts';
import { createMetrics } from '../../lib/telemetry/metrics.ts';
import { eventually } from '../unit/api-server.ts';
import { clusterOn, isReady, settled, subnetsOf } from '../unit/controller/cluster.ts';
import type { Api } from '../api/harness.ts';
import { hasRealServer, leaseOf, startProgram, startServer } from './controller-cluster.ts';

t.setTimeout(900_000);

const LEADERS = 1000;
const FAIL_OVER_MS = 15_000;

async function start(t: Test) {
  const api = await startServer(t);
  const client = api.client();
  const cluster = clusterOn(client);
  await cluster.pool('default', '10.0.0.0/8', 24);
  return { api, client, cluster };
}

/** In this process, leading without asking anybody; its clock may be wrong. */
function lead(t: Test, api: Api, wallClock: () => number = Date.now): void {
  const options = { client: api.client(), logger: silentLogger, metrics: createMetrics(), wallClock };
  const controller = startController(options);
  t.teardown(() => controller.stop());
}

const create = async (cluster: ReturnType<typeof clusterOn>, count: number, prefix: string): Promise<void> => {
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`).values();
  const worker = async (): Promise<void> => {
    for (const name of names) await cluster.network(name);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
};

test('two controllers that both believe they lead: 1,000 networks, no subnet and no VNI twice', async (t) => {
  const { api, cluster } = await start(t);
  lead(t, api);
  lead(t, api);
  await create(cluster, LEADERS, 'net');
  await settled(t, cluster, { networks: LEADERS });
});

test('two leaders whose clocks are ten minutes apart agree, and keep quiet afterwards', async (t) => {
  const { api, cluster, client } = await start(t);
  const minutes = 60_000;
  lead(t, api, () => Date.now() - 5 * minutes);
  lead(t, api, () => Date.now() + 5 * minutes);
  await create(cluster, 50, 'net');
  await settled(t, cluster, { networks: 50 });
  const versions = async () => (await client.list(networks)).items.map(({ metadata }) => metadata.resourceVersion);
  const quiet = await eventually(
    async () => {
      const before = await versions();
      await sleep(1000);
      return { before, after: await versions() };
    },
    ({ before, after }) => before.join() === after.join(),
    30_000,
  );
  t.same(quiet.before, quiet.after, 'neither writes what the other wrote otherwise');
});

const holderOf = async (client: Parameters<typeof leaseOf>[0]): Promise<string> =>
  (await leaseOf(client))?.spec.holderIdentity ?? '';

/** Two processes, of which the first one leads. */
async function startTwo(t: Test) {
  const started = await start(t);
  const first = startProgram(t, started.api);
  const leader = await eventually(
    () => holderOf(started.client),
    (holder) => holder !== '',
    30_000,
  );
  return { ...started, first, leader, second: startProgram(t, started.api) };
}

test('a leader that is killed is replaced within 15 s', async (t) => {
  const { cluster, client, first, leader } = await startTwo(t);
  await cluster.network('before');
  await cluster.whenNetwork('before', 'Ready', 'True');
  // The other one must be up, or its start would be measured.
  await sleep(3000);
  first.child.kill('SIGKILL');
  const killed = performance.now();
  await cluster.network('after');
  await cluster.whenNetwork('after', 'Ready', 'True');
  const seconds = (performance.now() - killed) / 1000;
  t.ok(seconds < FAIL_OVER_MS / 1000, `${seconds.toFixed(1)} s`);
  t.not(await holderOf(client), leader);
});

test('a leader that is paused for 60 s and resumed in the midst of its work does no harm', async (t) => {
  const { cluster, client, first, leader } = await startTwo(t);
  await sleep(3000);
  await create(cluster, 20, 'early');
  // In the midst of it: some have their claims, some have nothing.
  await cluster.whenClaims((claims) => claims.length > 5);
  first.child.kill('SIGSTOP');
  const paused = performance.now();
  await create(cluster, 20, 'meanwhile');
  await settled(t, cluster, { networks: 40 });
  t.not(await holderOf(client), leader, 'the other one leads');
  for (let index = 0; index < 10; index++) await client.delete(networks, `early-${index}`);
  await cluster.whenNetworks((all) => all.length === 30);
  await sleep(Math.max(0, 60_000 - (performance.now() - paused)));
  first.child.kill('SIGCONT');
  await create(cluster, 20, 'late');
  await settled(t, cluster, { networks: 50 });
  t.not(await holderOf(client), leader, 'it does not take the lead back');
});

const skip = hasRealServer() ? false : 'needs a kube-apiserver: the embedded server has no ServiceCIDR';
test('pools keep off the range of Services, and a network that names one is told', { skip }, async (t) => {
  const api = await startServer(t);
  const cluster = clusterOn(api.client());
  // 10.96.0.0/16 is what the server was started with.
  await cluster.pool('default', '10.96.0.0/15', 24);
  lead(t, api);
  await cluster.network('pooled');
  t.same(subnetsOf(await cluster.whenNetwork('pooled', 'Ready', 'True', 'Ready')), ['10.97.0.0/24']);
  await cluster.network('named', { subnets: [{ cidr: '10.96.3.0/24' }] });
  const told = await cluster.whenNetwork('named', 'Ready', 'True', 'OverlapsServices');
  t.match(
    findCondition(told.status.conditions, 'Overlap')?.message,
    /Services have their addresses \(ServiceCIDR kubernetes\)/,
  );
});

test('the cases of Docker’s documents: 10.20.0.0/16 and 20.20.0.0/16 in /24s, 256 networks each', async (t) => {
  const api = await startServer(t);
  const client = api.client();
  const cluster = clusterOn(client);
  await cluster.pool('first', '10.20.0.0/16', 24);
  lead(t, api);
  await create(cluster, 256, 'net');
  const full = await cluster.whenNetworks((all) => all.length === 256 && all.every(isReady));
  t.equal(new Set(full.flatMap(subnetsOf)).size, 256);
  await cluster.whenPool('first', ({ status }) => status.total === 256 && status.used === 256 && status.free === 0);
  await cluster.network('257th');
  await cluster.whenNetwork('257th', 'Allocated', 'False', 'PoolExhausted');
  await cluster.pool('second', '20.20.0.0/16', 24);
  t.same(subnetsOf(await cluster.whenNetwork('257th', 'Ready', 'True')), ['20.20.0.0/24']);
  await client.delete(networks, 'net-7');
  await cluster.whenPool('first', ({ status }) => status.free === 1);
  const freed = full.find(({ metadata }) => metadata.name === 'net-7')!;
  await cluster.network('again');
  t.same(subnetsOf(await cluster.whenNetwork('again', 'Ready', 'True')), subnetsOf(freed));
});
