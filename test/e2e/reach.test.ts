// Who reaches whom: the overlay networks, and eth0 of every pod.
import { test } from 'tap';
import type { Container } from '../../lib/lab/container.ts';
import { inside, ping } from '../../lib/lab/probe.ts';
import { OUTSIDE_V4 } from '../../lib/lab/topology.ts';
import { knowEachOther } from './convergence.ts';
import { addressOf, network, run, withLab } from './lab-harness.ts';
import { ask, containerPlace, fabricPlace, nodePlace, serve } from './traffic.ts';

const NODES = ['n1', 'n2', 'n3'] as const;

test('pods on three nodes', async (t) => {
  const lab = await withLab(t);
  const blue = await network(lab, 'blue');
  const onBlue = await Promise.all(NODES.map((node, i) => run(lab, `a${i + 1}`, node, 'blue')));
  await knowEachOther(lab, blue, onBlue);
  const pairs = (pods: readonly Container[]) =>
    pods.flatMap((from) => pods.filter((to) => to !== from).map((to) => [from, to] as const));

  await t.test('of one network reach each other by ICMP, TCP and UDP', async (t) => {
    for (const { record } of onBlue) {
      const place = await containerPlace(lab, record.name);
      await serve(lab, place, 'TCP', 7001, `echo ${record.name}`);
      await serve(lab, place, 'UDP', 7001, `echo ${record.name}`);
    }
    for (const [from, to] of pairs(onBlue)) {
      const place = await containerPlace(lab, from.record.name);
      const way = `${from.record.name} to ${to.record.name}`;
      t.type(await ping(lab, from.record.name, addressOf(to)), 'number', `ICMP ${way}`);
      t.equal(await ask(lab, place, 'TCP', addressOf(to), 7001), to.record.name, `TCP ${way}`);
      t.equal(await ask(lab, place, 'UDP', addressOf(to), 7001), to.record.name, `UDP ${way}`);
    }
  });

  await t.test('pass a frame of the full MTU unfragmented, and refuse one byte more locally', async (t) => {
    const [a1, a2] = onBlue;
    // 20 bytes IPv4, 8 bytes ICMP.
    const send = (mtu: number) =>
      inside(lab, a1!.record.name, ['ping', '-n', '-c1', '-W10', '-M', 'do', '-s', String(mtu - 28), addressOf(a2!)]);
    t.equal((await send(1450)).status, 0);
    const refused = await send(1451);
    t.equal(refused.status, 1);
    t.match(refused.stdout + refused.stderr, /message too long, mtu=1450/);
  });

  await t.test('of another network with the same subnet reach none of them', async (t) => {
    const green = await network(lab, 'green', { subnets: [{ cidr: blue.subnet }] });
    const stranger = addressOf(onBlue[0]!).replace(/\d+$/, '77');
    const b1 = await run(lab, 'b1', 'n1', JSON.stringify([{ name: 'green', ips: [stranger] }]));
    const b2 = await run(lab, 'b2', 'n2', JSON.stringify([{ name: 'green', ips: [addressOf(onBlue[1]!)] }]));
    await knowEachOther(lab, green, [b1, b2]);
    for (const to of [onBlue[0]!, onBlue[2]!])
      t.equal(await ping(lab, 'b1', addressOf(to), 1), undefined, `b1 to ${to.record.name}`);
    for (const from of onBlue)
      t.equal(await ping(lab, from.record.name, addressOf(b1), 1), undefined, `${from.record.name} to b1`);
    t.type(await ping(lab, 'b1', addressOf(b2)), 'number', 'b1 to b2, whose address a2 has too');
    await serve(lab, await containerPlace(lab, 'b2'), 'TCP', 7001, 'echo b2');
    t.equal(await ask(lab, await containerPlace(lab, 'b1'), 'TCP', addressOf(b2), 7001), 'b2');
    t.equal(await ask(lab, await containerPlace(lab, 'a1'), 'TCP', addressOf(onBlue[1]!), 7001), 'a2');
  });

  await t.test('of two networks reach both', async (t) => {
    const red = await network(lab, 'red');
    const c1 = await run(lab, 'c1', 'n1', 'red');
    const both = await run(lab, 'both', 'n3', 'blue,red');
    await knowEachOther(lab, blue, [...onBlue, both]);
    await knowEachOther(lab, red, [c1, both]);
    t.strictSame(
      both.interfaces.map(({ name, network }) => [name, network]),
      [
        ['eth0', 'pod'],
        ['net1', 'blue'],
        ['net2', 'red'],
      ],
    );
    t.type(await ping(lab, 'both', addressOf(onBlue[0]!)), 'number', 'to a1 on blue');
    t.type(await ping(lab, 'both', addressOf(c1)), 'number', 'to c1 on red');
    t.equal(await ping(lab, 'c1', addressOf(both, 'net1'), 1), undefined, "c1 to both's address on blue");
  });

  await t.test('reach eth0 of every other pod and their own node', async (t) => {
    for (const [from, to] of pairs(onBlue))
      t.type(
        await ping(lab, from.record.name, addressOf(to, 'eth0')),
        'number',
        `${from.record.name} to ${to.record.name}`,
      );
    for (const [i, node] of NODES.entries()) {
      t.type(await ping(lab, `a${i + 1}`, `172.30.0.${11 + i}`), 'number', `a${i + 1} to ${node}`);
      const place = nodePlace(lab, node);
      await serve(lab, await containerPlace(lab, `a${i + 1}`), 'TCP', 7002, 'echo kubelet');
      t.equal(await ask(lab, place, 'TCP', addressOf(onBlue[i]!, 'eth0'), 7002), 'kubelet', `${node} to its pod`);
    }
  });

  await t.test(
    'reach each other over eth0 with their own addresses, and the outside with that of their node',
    async (t) => {
      await serve(lab, fabricPlace(lab), 'TCP', 7003, 'echo $SOCAT_PEERADDR');
      await serve(lab, await containerPlace(lab, 'a3'), 'TCP', 7003, 'echo $SOCAT_PEERADDR');
      const a1 = await containerPlace(lab, 'a1');
      t.equal(await ask(lab, a1, 'TCP', OUTSIDE_V4, 7003), '172.30.0.11');
      t.equal(await ask(lab, a1, 'TCP', addressOf(onBlue[2]!, 'eth0'), 7003), addressOf(onBlue[0]!, 'eth0'));
    },
  );
});
