// The MTU of networks follows the underlay.
import { test } from 'tap';
import { inside } from '../../lib/lab/probe.ts';
import { removeContainer } from '../../lib/lab/container.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { knowEachOther } from './convergence.ts';
import { addressOf, network, run, withLab } from './lab-harness.ts';
import { at, containerPlace, fabricPlace, links, nodePlace } from './traffic.ts';
import type { Lab } from '../../lib/lab/lab.ts';

async function mtus(lab: Lab, name: string): Promise<Readonly<Record<string, number>>> {
  return Object.fromEntries(
    (await links(lab, await containerPlace(lab, name))).map(({ ifname, mtu }) => [ifname, mtu]),
  );
}

for (const [options, mtu] of [
  [{ underlayMtu: 1500 }, 1450],
  [{ underlayMtu: 9000 }, 8950],
  [{ underlayMtu: 1500, underlayFamily: 6 }, 1430],
] as const) {
  test(`an underlay of ${JSON.stringify(options)} carries ${mtu} bytes`, async (t) => {
    const lab = await withLab(t, { nodes: 2, ...options });
    const blue = await network(lab, 'blue');
    const a1 = await run(lab, 'a1', 'n1', 'blue');
    const a2 = await run(lab, 'a2', 'n2', 'blue');
    await knowEachOther(lab, blue, [a1, a2]);
    t.strictSame(await mtus(lab, 'a1'), { eth0: mtu, net1: mtu });
    for (const address of [addressOf(a2), addressOf(a2, 'eth0')]) {
      const send = (bytes: number) =>
        inside(lab, 'a1', ['ping', '-n', '-c1', '-W10', '-M', 'do', '-s', String(bytes - 28), address]);
      t.equal((await send(mtu)).status, 0, `${mtu} bytes to ${address} arrive whole`);
      const refused = await send(mtu + 1);
      t.match(refused.stdout + refused.stderr, /message too long/i, `${mtu + 1} bytes are refused`);
      t.equal(refused.status, 1);
    }
  });
}

test('when the underlay changes, new pods follow', async (t) => {
  const lab = await withLab(t, { nodes: 2, underlayMtu: 9000 });
  await network(lab, 'blue');
  await run(lab, 'a1', 'n1', 'blue');
  t.strictSame(await mtus(lab, 'a1'), { eth0: 8950, net1: 8950 });
  for (const node of ['n1', 'n2']) {
    await at(lab, nodePlace(lab, node), ['ip', 'link', 'set', 'eth0', 'mtu', '1500']);
    await at(lab, fabricPlace(lab), ['ip', 'link', 'set', `p-${node}`, 'mtu', '1500']);
  }
  await eventually(async () => {
    await run(lab, 'a2', 'n1', 'blue');
    const after = await mtus(lab, 'a2');
    await removeContainer(lab, 'a2');
    if (after['net1'] !== 1450 || after['eth0'] !== 1450) throw new Error(`a new pod has ${JSON.stringify(after)}`);
  }, 30_000);
  await run(lab, 'a3', 'n1', 'blue');
  t.strictSame(await mtus(lab, 'a3'), { eth0: 1450, net1: 1450 });
});
