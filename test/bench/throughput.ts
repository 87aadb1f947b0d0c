// One TCP stream over VXLAN: between two of our containers, and between two made by hand with `ip` on the same nodes.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { commandOutput } from '../../lib/lab/command.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { inside } from '../../lib/lab/namespaces.ts';
import { prefixAddress } from '../../lib/net/address.ts';
import { type BenchLab, runContainer } from './bench-lab.ts';
import { type Figure, ratioFigure } from './figure.ts';
import { median } from './statistics.ts';

/** Two ends between which a stream can run. */
interface Pair {
  readonly server: (argv: readonly string[]) => readonly string[];
  readonly client: (argv: readonly string[]) => readonly string[];
  readonly address: string;
}

export async function throughputFigure({ lab }: BenchLab, rounds: number, seconds: number): Promise<Figure> {
  const server = await runContainer(lab, 'iperf-server', 'n1');
  const client = await runContainer(lab, 'iperf-client', 'n2');
  const ours: Pair = { server: server.inside, client: client.inside, address: server.address };
  await using byHand = await handMadePair(lab);
  const rates: Record<'ours' | 'byHand', number[]> = { ours: [], byHand: [] };
  const measure = async (side: keyof typeof rates, pair: Pair): Promise<void> => {
    rates[side].push(await stream(pair, seconds));
  };
  for (let round = 0; round < rounds; round++) {
    const turn = [() => measure('ours', ours), () => measure('byHand', byHand)];
    for (const one of round % 2 === 0 ? turn : turn.reverse()) await one();
  }
  const [mine, peer] = [median(rates.ours), median(rates.byHand)];
  return ratioFigure({
    measure: 'TCP over VXLAN, one stream',
    ours: mine,
    peer,
    unit: 'Gbit/s',
    goal: 0.97,
    atMost: false,
  });
}

const reportSchema = z.object({ end: z.object({ sum_received: z.object({ bits_per_second: z.number() }) }) });

/** Gbit/s that the server received. */
async function stream(pair: Pair, seconds: number): Promise<number> {
  const server = start(pair.server(['iperf3', '--server', '--one-off']));
  try {
    await sleep(300);
    const argv = pair.client(['iperf3', '--client', pair.address, '--time', String(seconds), '--json']);
    const report = reportSchema.parse(JSON.parse(await commandOutput(argv)));
    return report.end.sum_received.bits_per_second / 1e9;
  } finally {
    if (server.exitCode === null && server.kill()) await once(server, 'exit');
  }
}

function start(argv: readonly string[]): ChildProcess {
  const [file = '', ...rest] = argv;
  return spawn(file, rest, { stdio: 'ignore' });
}

/** What the agent makes, made with `ip` on the same nodes: bridge and VXLAN device in a namespace, a veth to the pod. */
async function handMadePair(lab: Lab): Promise<Pair & AsyncDisposable> {
  await using cleanup = new AsyncDisposableStack();
  const id = `warren-bench-${process.pid}`;
  const nodes = ['n1', 'n2'].map((name) => lab.nodes.find((node) => node.name === name));
  const underlay = nodes.map((node) => prefixAddress(node?.addresses[0] ?? lab.nodes[0]!.addresses[0]!));
  for (const [index, name] of ['n1', 'n2'].entries()) {
    for (const part of ['net', 'pod']) {
      await commandOutput(['ip', 'netns', 'add', `${id}-${part}${index}`]);
      cleanup.defer(async () => {
        await commandOutput(['ip', 'netns', 'delete', `${id}-${part}${index}`]);
      });
    }
    const [local = '', remote = ''] = index === 0 ? underlay : underlay.toReversed();
    await makeByHand(lab.layout.node(name).net, `${id}-net${index}`, `${id}-pod${index}`, { index, local, remote });
  }
  const owned = cleanup.move();
  return {
    server: (argv) => inside({ net: `/run/netns/${id}-pod0` }, argv),
    client: (argv) => inside({ net: `/run/netns/${id}-pod1` }, argv),
    address: '192.0.2.1',
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface HandMade {
  readonly index: number;
  readonly local: string;
  readonly remote: string;
}

const macOf = (index: number): string => `02:42:c0:00:02:0${index + 1}`;

/** The VXLAN device is created on the node, where its socket stays, and then moved, as the agent does. */
async function makeByHand(node: string, net: string, pod: string, { index, local, remote }: HandMade): Promise<void> {
  const other = 1 - index;
  const vxlan = `type vxlan id 9999 local ${local} dstport 14789 nolearning`;
  const batches: readonly (readonly [string, readonly string[]])[] = [
    [node, [`link add hm-vxlan ${vxlan}`, `link set hm-vxlan netns ${net}`]],
    [
      `/run/netns/${net}`,
      [
        'link add br0 type bridge mcast_snooping 0',
        'link set hm-vxlan master br0 mtu 1450 up',
        `link add hm-pod mtu 1450 type veth peer name eth1 address ${macOf(index)} mtu 1450 netns ${pod}`,
        'link set hm-pod master br0 up',
        'link set br0 mtu 1450 up',
        `neigh add 192.0.2.${other + 1} lladdr ${macOf(other)} dev br0 nud permanent`,
      ],
    ],
    [`/run/netns/${pod}`, [`addr add 192.0.2.${index + 1}/24 dev eth1`, 'link set lo up', 'link set eth1 up']],
  ];
  for (const [netns, lines] of batches) {
    await commandOutput(inside({ net: netns }, ['ip', '-batch', '-']), { input: `${lines.join('\n')}\n` });
  }
  const fdb = [
    `fdb add ${macOf(other)} dev hm-vxlan dst ${remote} self permanent`,
    `fdb add ${macOf(other)} dev hm-vxlan master static`,
    'link set dev hm-vxlan learning off neigh_suppress on',
  ];
  await commandOutput(inside({ net: `/run/netns/${net}` }, ['bridge', '-batch', '-']), {
    input: `${fdb.join('\n')}\n`,
  });
}
