// `make bench`: measures ours beside the peer in one run, and prints the table that the README quotes.
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { attachFigures } from './attach.ts';
import { type BenchLab, benchLab } from './bench-lab.ts';
import { type Figure, formatTable } from './figure.ts';
import { memoryFigures } from './memory.ts';
import { peerFigures } from './peers.ts';
import { fullScale, quickScale, scaleFigures, type ScaleSizes } from './scale.ts';
import { throughputFigure } from './throughput.ts';

interface Sizes {
  readonly rounds: number;
  readonly streams: number;
  readonly streamSeconds: number;
  readonly adds: number;
  readonly scale: ScaleSizes;
}

const full: Sizes = { rounds: 200, streams: 11, streamSeconds: 3, adds: 200, scale: fullScale };
/** To see whether everything works, not what it measures. */
const quick: Sizes = { rounds: 10, streams: 1, streamSeconds: 1, adds: 20, scale: quickScale };

/** In this order: memory is idle first, and the containers of the last stay until the lab goes. */
const parts: Readonly<Record<string, (lab: BenchLab, sizes: Sizes) => Promise<readonly Figure[]>>> = {
  memory: (lab) => memoryFigures(lab),
  attach: (lab, sizes) => attachFigures(lab, sizes.rounds),
  throughput: async (lab, sizes) => [await throughputFigure(lab, sizes.streams, sizes.streamSeconds)],
  peers: (lab, sizes) => peerFigures(lab, sizes.adds),
};

/** Parts that need an API server and no lab. */
const partsWithoutLab: Readonly<Record<string, (sizes: Sizes) => Promise<readonly Figure[]>>> = {
  scale: ({ scale }) => scaleFigures(scale),
};
const names = [...Object.keys(parts), ...Object.keys(partsWithoutLab)];

/** Each part in a lab of its own: what one leaves behind does not weigh on the next. */
async function measure(name: string, sizes: Sizes): Promise<readonly Figure[]> {
  console.log(`bench  ${name}`);
  const alone = partsWithoutLab[name];
  if (alone !== undefined) return await alone(sizes);
  const part = parts[name];
  if (part === undefined) throw new Error(`unknown part ${name}: name some of ${names.join(', ')}`);
  await using lab = await benchLab();
  return await part(lab, sizes);
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean' } } });
const figures: Figure[] = [];
for (const name of positionals.length > 0 ? positionals : names) {
  figures.push(...(await measure(name, values.quick === true ? quick : full)));
}
console.log(`\n${cpus().length} CPUs (${cpus()[0]?.model.trim() ?? 'unknown'}), kernel ${release()}\n`);
console.log(formatTable(figures));
