// A controller that dies right after a write, whichever it is: what it leaves is finished or undone by the next one.
import t, { type Test, test } from 'tap';
import { networks } from '../../../lib/api/network.ts';
import { type Controller } from '../../../lib/controller/controller.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import { ApiError } from '../../../lib/kube/error.ts';
import { settled, startCluster, type TestCluster } from './cluster.ts';

t.setTimeout(300_000);

const dead = (): Promise<never> =>
  Promise.reject(new ApiError({ status: 0, reason: 'Aborted', message: 'this controller is dead' }));

interface Mortal {
  readonly client: KubeClient;
  /** Resolves when its last write has been carried out. */
  readonly died: Promise<void>;
}

/** Carries out so many writes; nothing that the caller asks for afterwards reaches the server, nor the last answer the caller. */
function mortal(client: KubeClient, writes: number): Mortal {
  const end = Promise.withResolvers<void>();
  let left = writes;
  const write = async <T>(perform: () => Promise<T>): Promise<T> => {
    if (left-- <= 0) return dead();
    if (left > 0) return perform();
    // Refused or not, the server has seen it.
    await perform().catch(() => undefined);
    end.resolve();
    return dead();
  };
  return {
    died: end.promise,
    client: {
      ...client,
      create: (...of) => write(() => client.create(...of)),
      patch: (...of) => write(() => client.patch(...of)),
      delete: (...of) => write(() => client.delete(...of)),
    },
  };
}

/** Lives for so many writes, or until all is done; true when it died. */
async function live(cluster: TestCluster, writes: number): Promise<boolean> {
  const { client, died } = mortal(cluster.newClient(), writes);
  const controller: Controller = cluster.controller({ client });
  await controller.synced;
  const hasDied = await Promise.race([died.then(() => true), controller.idle().then(() => false)]);
  await controller.stop();
  return hasDied;
}

async function startHalf(t: Test): Promise<TestCluster> {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/20', 24);
  await cluster.pool('gateway', '172.20.0.0/20', 24, 'gateway');
  for (const name of ['one', 'two', 'three']) await cluster.network(name);
  for (const name of ['n1', 'n2']) await cluster.node(name);
  return cluster;
}

test('each controller dies after a single write: one after the other they finish the work', async (t) => {
  const cluster = await startHalf(t);
  let lives = 1;
  while (await live(cluster, 1)) lives++;
  t.ok(lives > 15, `${lives} lives`);
  await settled(t, cluster, { networks: 3, nodes: 2 });
});

test('whichever write is the last one of a controller, the next one finishes what it began', async (t) => {
  for (let writes = 1; ; writes++) {
    const cluster = await startHalf(t);
    const hasDied = await live(cluster, writes);
    await t.test(`after ${writes} writes`, async (t) => {
      const next = cluster.controller();
      await settled(t, cluster, { networks: 3, nodes: 2 });
      await next.stop();
    });
    if (!hasDied) return;
  }
});

test('networks that are deleted while controllers die leave nothing behind', async (t) => {
  const cluster = await startHalf(t);
  const first = cluster.controller();
  await settled(t, cluster, { networks: 3, nodes: 2 });
  await first.stop();
  for (const name of ['one', 'two', 'three']) await cluster.client.delete(networks, name);
  while (await live(cluster, 1));
  await cluster.whenNetworks((all) => all.length === 0);
  await cluster.whenClaims((all) => all.every(({ spec }) => spec.holder.kind === 'NodePeer'));
});
