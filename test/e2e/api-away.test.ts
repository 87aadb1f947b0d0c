// Sixty seconds without an API server: what runs goes on, DEL works, ADD fails soon, and nothing has to be restarted after it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { CONTROLLER_USER, nodeUser } from '../../lib/lab/access.ts';
import type { FaultSpec } from '../../lib/lab/apiserver/faults.ts';
import { removeContainer } from '../../lib/lab/container.ts';
import { addFault, clearFaults } from '../../lib/lab/faults.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { listEndpoints } from '../../lib/lab/lab-view.ts';
import { ping } from '../../lib/lab/probe.ts';
import { addressOf, network, run, settles, withLab } from './lab-harness.ts';
import { localEntries, peerEntries, remoteEntries } from './network-kernel.ts';
import { containerPlace } from './traffic.ts';

const AWAY_MS = 60_000;

/** For everyone but the test itself, which goes on playing kubelet. */
async function away(lab: Lab, fault: FaultSpec): Promise<void> {
  const users = [CONTROLLER_USER, ...lab.nodes.map(({ name }) => nodeUser(name))];
  for (const user of users) await addFault(lab, { ...fault, user });
}

async function failsSoon(t: Test, lab: Lab, name: string): Promise<void> {
  const start = performance.now();
  await t.rejects(run(lab, name, 'n1', 'blue'), { message: /code 11\b/ });
  const took = performance.now() - start;
  t.ok(took < 5000, `after ${Math.round(took)} ms`);
}

test('the API server is away for a minute', { timeout: 180_000 }, async (t) => {
  const lab = await withLab(t, { nodes: 2 });
  const { vni } = await network(lab, 'blue');
  const a1 = await run(lab, 'a1', 'n1', 'blue');
  const a2 = await run(lab, 'a2', 'n2', 'blue');
  const a3 = await run(lab, 'a3', 'n1', 'blue');
  await settles(async () => (await ping(lab, 'a1', addressOf(a2), 1)) !== undefined, true, 5000);
  const [file = '', ...args] = (await containerPlace(lab, 'a1'))(['ping', '-n', '-i0.02', '-q', addressOf(a2)]);
  const pinging = spawn(file, args, { env: lab.env });
  let said = '';
  pinging.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const start = performance.now();
  await away(lab, { kind: 'refuse' });

  await t.test('ADD is told to try again, within 5 s, when connections are refused', (t) => failsSoon(t, lab, 'b1'));
  await t.test('and when nothing answers at all', async (t) => {
    await clearFaults(lab);
    await away(lab, { kind: 'delay', milliseconds: 600_000 });
    await failsSoon(t, lab, 'b2');
  });
  await t.test('DEL works: the container is gone from its node', async (t) => {
    await removeContainer(lab, 'a3');
    const entries = await settles(() => peerEntries(lab, 'n1', vni), onN1(a1, a2));
    t.strictSame(entries, onN1(a1, a2));
  });
  await t.test('no ping is lost in all that time', async (t) => {
    await sleep(Math.max(0, AWAY_MS - (performance.now() - start)));
    pinging.kill('SIGINT');
    await once(pinging, 'close');
    const [, sent = '0', received = '-'] = /(\d+) packets transmitted, (\d+) received/.exec(said) ?? [];
    t.ok(Number(sent) > 1000, `${sent} pings`);
    t.equal(received, sent);
  });
  await t.test('back again, everything converges', async (t) => {
    await clearFaults(lab);
    const claims = async () =>
      (await listEndpoints(lab)).flatMap(({ addresses }) => addresses.map((one) => one.split('/')[0]));
    const wanted = [addressOf(a1), addressOf(a2)];
    t.strictSame(await settles(async () => (await claims()).toSorted(), wanted.toSorted(), 15_000), wanted.toSorted());
    t.notOk((await claims()).includes(addressOf(a3)), 'the claim of the removed container is given back');
    const a4 = await run(lab, 'a4', 'n2', 'blue');
    const now = [...onN1(a1, a2), ...remoteEntries(addressOf(a4), '172.30.0.12')].toSorted();
    t.strictSame(await settles(() => peerEntries(lab, 'n1', vni), now, 10_000), now);
    t.type(await ping(lab, 'a1', addressOf(a4)), 'number');
  });
});

const onN1 = (local: Parameters<typeof addressOf>[0], remote: Parameters<typeof addressOf>[0]): readonly string[] =>
  [...localEntries(addressOf(local)), ...remoteEntries(addressOf(remote), '172.30.0.12')].toSorted();
