// What must hold of the allocation whatever happens: nothing twice, nothing lost, nothing left over.
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import t, { type Test, test } from 'tap';
import { networks } from '../../../lib/api/network.ts';
import { createKubeClient } from '../../../lib/kube/http-client.ts';
import type { ElectionTiming } from '../../../lib/kube/lease.ts';
import { isReady, settled, startCluster } from './cluster.ts';

/** Real servers and processes on a machine that also does other things. */
t.setTimeout(300_000);

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `net-${index}`);

test('two controllers that both believe they lead: 200 networks and 20 nodes, nothing twice', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/8', 24);
  await cluster.pool('gateway', '172.20.0.0/14', 24, 'gateway');
  cluster.controller();
  cluster.controller();
  const made = names(200).map((name) => cluster.network(name));
  const joined = Array.from({ length: 20 }, (_, index) => cluster.node(`node-${index}`));
  await Promise.all([...made, ...joined]);
  await settled(t, cluster, { networks: 200, nodes: 20 });
});

test('two controllers that both lead share a pool that is exactly large enough', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('exact', '10.0.0.0/18', 24);
  for (const name of names(64)) await cluster.network(name);
  cluster.controller();
  cluster.controller();
  await settled(t, cluster, { networks: 64 });
});

test('networks that come and go leave nothing behind', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('small', '10.0.0.0/20', 24);
  cluster.controller();
  cluster.controller();
  for (let round = 0; round < 3; round++) {
    for (const name of names(12)) await cluster.network(`${name}-${round}`);
    if (round % 2 === 0) await cluster.whenNetworks((all) => all.some(isReady));
    for (const name of names(12)) await cluster.client.delete(networks, `${name}-${round}`);
  }
  for (const name of names(16)) await cluster.network(name);
  await settled(t, cluster, { networks: 16 });
});

const quickElection: Partial<ElectionTiming> = { leaseMs: 1000, renewDeadlineMs: 700, retryMs: 100 };

test('of two with leader election one works; when it stops the other takes over', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/8', 24);
  const elect = (identity: string) =>
    cluster.controller({ election: { namespace: 'default', identity, timing: quickElection } });
  const both = [elect('a'), elect('b')];
  for (const name of names(5)) await cluster.network(name);
  await settled(t, cluster, { networks: 5 });
  t.equal(both.filter((controller) => controller.isLeading).length, 1);
  await both.find((controller) => controller.isLeading)?.stop();
  await cluster.network('later');
  await settled(t, cluster, { networks: 6 });
});

test('through errors, dropped and expired watches, delays and silence, everything is done in the end', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/8', 24);
  cluster.controller({ timing: { retryDelayMs: () => 30, inactivityMs: 500 } });
  const { faults } = cluster;
  const storms = [
    () => faults.add({ kind: 'error', code: 500, rate: 0.3, durationSeconds: 0.3 }),
    () => faults.add({ kind: 'drop' }),
    () => faults.add({ kind: 'error', code: 429, rate: 0.3, durationSeconds: 0.3 }),
    () => faults.add({ kind: 'expire', watches: true }),
    () => faults.add({ kind: 'stall', durationSeconds: 0.8 }),
    () => faults.add({ kind: 'delay', milliseconds: 20, durationSeconds: 0.3 }),
    () => faults.add({ kind: 'refuse', durationSeconds: 0.2 }),
  ];
  const retried = async (name: string): Promise<void> => {
    // The user's own kubectl meets the same storm.
    await cluster.network(name).catch(() => sleep(20).then(() => retried(name)));
  };
  for (const [index, name] of names(70).entries()) {
    if (index % 5 === 0) storms[(index / 5) % storms.length]?.();
    await retried(name);
    await sleep(15);
  }
  faults.clear();
  await settled(t, cluster, { networks: 70 });
});

/** A connection to the API server that now and then loses an answer: the request was carried out, but nobody hears of it. */
async function lossyAddress(t: Test, target: string): Promise<string> {
  const { hostname, port } = new URL(target);
  let answers = 0;
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    server.on('data', (data) => (++answers % 7 === 0 ? client.destroy() : client.write(data)));
    client.on('data', (data) => server.write(data));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('close', () => other.destroy());
      one.on('error', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await new Promise((done) => proxy.once('listening', done));
  t.teardown(() => proxy.close());
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

test('answers that get lost lead to no second claim', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/8', 24);
  const config = new KubeConfig();
  const user = cluster.config.getCurrentUser();
  config.loadFromClusterAndUser(
    { name: 'lossy', server: await lossyAddress(t, cluster.address), skipTLSVerify: true },
    user!,
  );
  const client = createKubeClient(config);
  cluster.controller({ client });
  t.teardown(() => client.close());
  for (const name of names(60)) await cluster.network(name);
  await settled(t, cluster, { networks: 60 });
});
