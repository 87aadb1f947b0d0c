// How long after an ADD the other nodes can reach the new endpoint: 20 ADDs a second on one node, watched on two others.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Lab } from '../../lib/lab/lab.ts';
import { onNode } from '../../lib/lab/node.ts';
import { NETWORK, type BenchLab, runContainer } from './bench-lab.ts';
import { type Figure, limitFigure } from './figure.ts';
import { quantile } from './statistics.ts';
import { warrenPlugin, type WarrenSide } from './warren-plugin.ts';

const PAUSE = 50;
const WATCHERS = ['n2', 'n3'] as const;
/** A neighbour on the bridge, a forwarding entry on the VXLAN device, one on its port (design.md section 3). */
const ENTRIES_PER_PEER = 3;

export async function peerFigures({ lab, vni }: BenchLab, adds: number): Promise<Figure[]> {
  for (const node of WATCHERS) await runContainer(lab, `peers-${node}`, node);
  await using side = await warrenPlugin(lab, 'n1', 'peers', NETWORK);
  const pods = Array.from({ length: adds }, (_, index) => `p${index}`);
  for (const pod of pods) await side.prepare(pod);
  await using seen = watchPeers(lab, vni);
  await sleep(500);
  const added = await addAtPace(side, pods);
  await sleep(2_000);
  const macs = await macsOf(lab);
  const latencies = [...added].flatMap(([pod, time]) =>
    WATCHERS.map((node) => Math.max(0, seen.completed(node, macs.get(`peers-${pod}`) ?? '') - time)),
  );
  const goal = 100;
  return [
    limitFigure('peers programmed, p50', quantile(latencies, 0.5), 'ms', goal),
    limitFigure('peers programmed, p99', quantile(latencies, 0.99), 'ms', goal),
  ];
}

/** Pod to the moment when its ADD had ended. */
async function addAtPace(side: WarrenSide, pods: readonly string[]): Promise<Map<string, number>> {
  const added = new Map<string, number>();
  const start = performance.now();
  for (const [index, pod] of pods.entries()) {
    await sleep(Math.max(0, start + index * PAUSE - performance.now()));
    await side.call('ADD', pod);
    added.set(pod, performance.now());
  }
  return added;
}

interface PeerWatch extends AsyncDisposable {
  /** When the last entry of this MAC appeared on the node; never: infinity. */
  completed(node: string, mac: string): number;
}

/** Listens to the kernel's own notifications, on each watching node, in the network's namespace. */
function watchPeers(lab: Lab, vni: number): PeerWatch {
  const times = new Map<string, number[]>();
  const children = WATCHERS.flatMap((node) =>
    [
      ['bridge', 'monitor', 'fdb'],
      ['ip', 'monitor', 'neigh'],
    ].map((argv) => {
      const inNetwork = ['nsenter', `--net=/run/netns/warren-${vni}`, '--', ...argv];
      const [file = '', ...rest] = onNode(lab.layout, node, inNetwork);
      const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
      createInterface({ input: child.stdout }).on('line', (line) => {
        const mac = /\b02:42(:[0-9a-f]{2}){4}\b/.exec(line)?.[0];
        if (mac === undefined || line.startsWith('Deleted')) return;
        const key = `${node} ${mac}`;
        times.set(key, [...(times.get(key) ?? []), performance.now()]);
      });
      return child;
    }),
  );
  return {
    completed: (node, mac) => times.get(`${node} ${mac}`)?.[ENTRIES_PER_PEER - 1] ?? Infinity,
    [Symbol.asyncDispose]: async () => {
      for (const child of children) child.kill();
      await Promise.all(children.map(async (child) => child.exitCode ?? once(child, 'exit')));
    },
  };
}

const endpointsSchema = z.object({
  items: z.array(
    z.object({ spec: z.object({ mac: z.string(), network: z.string(), pod: z.object({ name: z.string() }) }) }),
  ),
});

/** Pod name to its MAC on the network. */
async function macsOf(lab: Lab): Promise<Map<string, string>> {
  const { items } = endpointsSchema.parse(await lab.api.request('/apis/warren.dev/v1alpha1/networkendpoints'));
  return new Map(items.filter(({ spec }) => spec.network === NETWORK).map(({ spec }) => [spec.pod.name, spec.mac]));
}
