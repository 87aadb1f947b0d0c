// An agent that is killed and started again: traffic never notices, and nothing is made twice.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'tap';
import { agentDaemon, awaitDaemon, killDaemon, startDaemon } from '../../lib/lab/daemons.ts';
import { listEndpoints, networkNamespaces } from '../../lib/lab/lab-view.ts';
import { removeContainer } from '../../lib/lab/container.ts';
import { addressOf, network, run, settles, withLab } from './lab-harness.ts';
import { localEntries, peerEntries, remoteEntries } from './network-kernel.ts';
import { at, containerPlace, links, nodePlace, networkPlace } from './traffic.ts';

test('an agent is killed and started again', async (t) => {
  const lab = await withLab(t);
  const { vni } = await network(lab, 'blue');
  const a1 = await run(lab, 'a1', 'n1', 'blue');
  const a2 = await run(lab, 'a2', 'n2', 'blue');
  const agent = agentDaemon('n1');
  const wanted = [...localEntries(addressOf(a1)), ...remoteEntries(addressOf(a2), '172.30.0.12')].toSorted();
  t.strictSame(await settles(() => peerEntries(lab, 'n1', vni), wanted), wanted);
  const devices = async () => ({
    host: await links(lab, nodePlace(lab, 'n1')),
    network: await links(lab, networkPlace(lab, 'n1', vni)),
    container: await links(lab, await containerPlace(lab, 'a1')),
  });
  const before = await devices();

  await t.test('while a ping runs: not one is lost, and every device is the same one as before', async (t) => {
    const [file = '', ...args] = (await containerPlace(lab, 'a1'))([
      'ping',
      '-n',
      '-i0.01',
      '-w6',
      '-q',
      addressOf(a2),
    ]);
    const pinging = spawn(file, args, { env: lab.env });
    let said = '';
    pinging.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    for (let i = 0; i < 3; i++) {
      await killDaemon(lab, agent);
      await startDaemon(lab, agent);
      await awaitDaemon(lab, agent);
    }
    await once(pinging, 'close');
    const [, sent = '0', received = '-'] = /(\d+) packets transmitted, (\d+) received/.exec(said) ?? [];
    t.ok(Number(sent) > 200, `${sent} pings`);
    t.equal(received, sent);
    t.strictSame(await devices(), before);
    t.strictSame(await peerEntries(lab, 'n1', vni), wanted);
  });

  await t.test('what changed while it was away is there after its start', async (t) => {
    await killDaemon(lab, agent);
    await removeContainer(lab, 'a2');
    const a3 = await run(lab, 'a3', 'n3', 'blue');
    await startDaemon(lab, agent);
    await awaitDaemon(lab, agent);
    const now = [...localEntries(addressOf(a1)), ...remoteEntries(addressOf(a3), '172.30.0.13')].toSorted();
    t.strictSame(await settles(() => peerEntries(lab, 'n1', vni), now), now);
  });

  await t.test('a container that is removed while it is away is gone after its start', async (t) => {
    await killDaemon(lab, agent);
    await removeContainer(lab, 'a1');
    await startDaemon(lab, agent);
    await awaitDaemon(lab, agent);
    const claims = async () => (await listEndpoints(lab)).flatMap(({ addresses }) => addresses);
    const left = async () => (await claims()).filter((address) => address.startsWith(`${addressOf(a1)}/`));
    t.strictSame(await settles(left, [], 5000), []);
    t.strictSame(await settles(() => networkNamespaces(lab, 'n1'), [], 5000), []);
    const files = await at(lab, nodePlace(lab, 'n1'), ['ls', '/var/lib/warren/attachments', '/var/lib/warren/queue']);
    t.notMatch(files.stdout, /json|del$/m);
  });
});
