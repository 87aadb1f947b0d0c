// ADD and DEL, whole processes, of ours and of the Go plugins in turn.
import { NETWORK, type BenchLab } from './bench-lab.ts';
import { type Figure, ratioFigure } from './figure.ts';
import { goPlugins } from './go-plugins.ts';
import type { Side } from './side.ts';
import { median } from './statistics.ts';
import { warrenPlugin } from './warren-plugin.ts';

/** The first rounds fill caches and are not counted. */
const WARM_UP = 10;

interface Times {
  readonly ADD: number[];
  readonly DEL: number[];
}

export async function attachFigures({ lab }: BenchLab, rounds: number): Promise<Figure[]> {
  await using go = await goPlugins();
  await using plain = await warrenPlugin(lab, 'n1', 'plain', undefined);
  await using overlay = await warrenPlugin(lab, 'n1', 'overlay', NETWORK);
  const sides: readonly Side[] = [go, plain, overlay];
  // One container stays on each side: that the bridge and the network are there already is the common case.
  for (const side of sides) await attach(side, 'resident');
  const times = new Map(sides.map((side): [Side, Times] => [side, { ADD: [], DEL: [] }]));
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const side of rotate(sides, round)) await oneRound(side, round, times.get(side));
    await plain.remove(podOf(round));
    await overlay.remove(podOf(round));
  }
  const of = (side: Side, verb: 'ADD' | 'DEL'): number => median(times.get(side)?.[verb] ?? []);
  return [
    compare('ADD, eth0 alone', of(plain, 'ADD'), of(go, 'ADD'), 1),
    compare('ADD, eth0 and one overlay', of(overlay, 'ADD'), of(go, 'ADD'), 1.5),
    compare('DEL, eth0 and one overlay', of(overlay, 'DEL'), of(go, 'DEL'), 0.6),
  ];
}

const podOf = (round: number): string => `r${round + WARM_UP}`;

async function attach(side: Side, pod: string): Promise<number> {
  await side.prepare(pod);
  return side.call('ADD', pod);
}

async function oneRound(side: Side, round: number, times: Times | undefined): Promise<void> {
  const added = await attach(side, podOf(round));
  const deleted = await side.call('DEL', podOf(round));
  if (round < 0) return;
  times?.ADD.push(added);
  times?.DEL.push(deleted);
}

/** Who comes first changes, so that none is always measured after the same neighbour. */
function rotate<T>(list: readonly T[], by: number): readonly T[] {
  const start = ((by % list.length) + list.length) % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

const compare = (measure: string, ours: number, peer: number, goal: number): Figure =>
  ratioFigure({ measure, ours, peer, unit: 'ms', goal, atMost: true });
