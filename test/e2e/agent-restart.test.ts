// An agent that is killed and started again: traffic never notices, and nothing is made twice.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { agentDaemon, awaitDaemon, killDaemon, startDaemon } from '../../lib/lab/daemons.ts';
import { listEndpoints, networkNamespaces } from '../../lib/lab/lab-view.ts';
import { removeContainer } from '../../lib/lab/container.ts';
import { knowEachOther } from './convergence.ts';
import { addressOf, network, run, settles, withLab } from './lab-harness.ts';
import { peerEntries, wantedEntries } from './network-kernel.ts';
import { startPinging } from './pinging.ts';
import { containerPlace, links, nodePlace, networkPlace } from './traffic.ts';

test('an agent is killed and started again', async (t) => {
  const lab = await withLab(t);
  const blue = await network(lab, 'blue');
  const { vni } = blue;
  const a1 = await run(lab, 'a1', 'n1', 'blue');
  const a2 = await run(lab, 'a2', 'n2', 'blue');
  const agent = agentDaemon('n1');
  await knowEachOther(lab, blue, [a1, a2]);
  const devices = async () => ({
    host: await links(lab, nodePlace(lab, 'n1')),
    network: await links(lab, networkPlace(lab, 'n1', vni)),
    container: await links(lab, await containerPlace(lab, 'a1')),
  });
  const before = await devices();

  await t.test('while a ping runs: not one is lost, and every device is the same one as before', async (t) => {
    const pinging = await startPinging(lab, 'a1', addressOf(a2), 10);
    for (let i = 0; i < 3; i++) {
      await killDaemon(lab, agent);
      await startDaemon(lab, agent);
      await awaitDaemon(lab, agent);
    }
    await pinging.beyond(100);
    const { answered, lost } = await pinging.stop();
    t.ok(answered > 100, `${answered} pings`);
    t.strictSame(lost, []);
    t.strictSame(await devices(), before);
    t.strictSame(await peerEntries(lab, 'n1', vni), wantedEntries(lab, 'n1', 'blue', [a1, a2]));
  });

  await t.test('what changed while it was away is there after its start', async (t) => {
    await killDaemon(lab, agent);
    await removeContainer(lab, 'a2');
    const a3 = await run(lab, 'a3', 'n3', 'blue');
    await startDaemon(lab, agent);
    await awaitDaemon(lab, agent);
    const now = wantedEntries(lab, 'n1', 'blue', [a1, a3]);
    t.strictSame(await settles(() => peerEntries(lab, 'n1', vni), now), now);
  });

  await t.test('a container that is removed while it is away is gone after its start', async (t) => {
    await killDaemon(lab, agent);
    await removeContainer(lab, 'a1');
    await startDaemon(lab, agent);
    await awaitDaemon(lab, agent);
    const claims = async () => (await listEndpoints(lab)).flatMap(({ addresses }) => addresses);
    const left = async () => (await claims()).filter((address) => address.startsWith(`${addressOf(a1)}/`));
    t.strictSame(await settles(left, []), []);
    t.strictSame(await settles(() => networkNamespaces(lab, 'n1'), []), []);
    const { state } = lab.layout.node('n1');
    for (const folder of ['attachments', 'queue'])
      t.strictSame(await settles(() => readdir(join(state, folder)), []), [], `${folder} is empty`);
  });
});
