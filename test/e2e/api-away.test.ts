// Sixty seconds without an API server: what runs goes on, DEL works, ADD fails soon, and nothing has to be restarted after it.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { CONTROLLER_USER, nodeUser } from '../../lib/lab/access.ts';
import type { FaultSpec } from '../../lib/lab/apiserver/faults.ts';
import { removeContainer } from '../../lib/lab/container.ts';
import { addFault, clearFaults } from '../../lib/lab/faults.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { listEndpoints } from '../../lib/lab/lab-view.ts';
import { ping } from '../../lib/lab/probe.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { nodeOf } from './cni/node-harness.ts';
import { errorOf } from './cni/plugin.ts';
import { knowEachOther } from './convergence.ts';
import { addressOf, network, run, settles, withLab } from './lab-harness.ts';
import { peerEntries, wantedEntries } from './network-kernel.ts';
import { startPinging } from './pinging.ts';

const AWAY_MS = 60_000;
/** Clients come back at intervals of their own, and give up late what is never answered; how late is not the matter here. */
const BACK_MS = 90_000;

/** For everyone but the test itself, which goes on playing kubelet. */
async function away(lab: Lab, fault: FaultSpec): Promise<void> {
  const users = [CONTROLLER_USER, ...lab.nodes.map(({ name }) => nodeUser(name))];
  for (const user of users) await addFault(lab, { ...fault, user });
}

/** Only the call is timed: making the container that it is for is the test's business. */
async function failsSoon(t: Test, lab: Lab): Promise<void> {
  const node = nodeOf(lab);
  const sandbox = await node.sandbox('blue');
  const start = performance.now();
  const answer = await node.plugin('ADD', sandbox);
  const took = performance.now() - start;
  t.match(errorOf(answer), { code: 11 });
  t.ok(took < 5000, `after ${Math.round(took)} ms`);
  await node.plugin('DEL', sandbox);
  await node.removeNetns(sandbox);
}

test('the API server is away for a minute', { timeout: 400_000 }, async (t) => {
  const lab = await withLab(t, { nodes: 2 });
  const blue = await network(lab, 'blue');
  const { vni } = blue;
  const a1 = await run(lab, 'a1', 'n1', 'blue');
  const a2 = await run(lab, 'a2', 'n2', 'blue');
  const a3 = await run(lab, 'a3', 'n1', 'blue');
  await knowEachOther(lab, blue, [a1, a2, a3]);
  const pinging = await startPinging(lab, 'a1', addressOf(a2), 20);
  const start = performance.now();
  await away(lab, { kind: 'refuse' });

  await t.test('ADD is told to try again, within 5 s, when connections are refused', (t) => failsSoon(t, lab));
  await t.test('and when nothing answers at all', async (t) => {
    await clearFaults(lab);
    await away(lab, { kind: 'delay', milliseconds: 600_000 });
    await failsSoon(t, lab);
  });
  await t.test('DEL works: the container is gone from its node', async (t) => {
    await removeContainer(lab, 'a3');
    const wanted = wantedEntries(lab, 'n1', 'blue', [a1, a2]);
    t.strictSame(await settles(() => peerEntries(lab, 'n1', vni), wanted), wanted);
  });
  await t.test('no ping is lost in all that time', async (t) => {
    await sleep(Math.max(0, AWAY_MS - (performance.now() - start)));
    const { answered, lost } = await pinging.stop();
    t.ok(answered > 1000, `${answered} pings`);
    t.strictSame(lost, []);
  });
  await t.test('back again, everything converges', async (t) => {
    await clearFaults(lab);
    const claims = async () =>
      (await listEndpoints(lab)).flatMap(({ addresses }) => addresses.map((one) => one.split('/')[0]));
    const wanted = [addressOf(a1), addressOf(a2)].toSorted();
    t.strictSame(await settles(async () => (await claims()).toSorted(), wanted, BACK_MS), wanted);
    // As a runtime does when it is told to try again.
    const a4 = await eventually(() => run(lab, 'a4', 'n2', 'blue'), BACK_MS, 1000);
    await knowEachOther(lab, blue, [a1, a2, a4]);
    t.type(await ping(lab, 'a1', addressOf(a4)), 'number');
  });
});
