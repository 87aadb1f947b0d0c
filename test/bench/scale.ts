// The controller in a large cluster: what a Network costs it when there are many, and how soon it is back after a restart.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { KubeClient } from '../../lib/kube/client.ts';
import { eventually } from '../../lib/lab/wait.ts';
import type { Api } from '../api/harness.ts';
import { startServer } from '../e2e/controller-cluster.ts';
import { type Figure, limitFigure } from './figure.ts';
import {
  createEndpoints,
  createNetworks,
  createNodes,
  createPools,
  endpointsCounted,
  networksReady,
} from './scale-cluster.ts';
import { type ScaleController, startScaleController } from './scale-process.ts';

export interface ScaleSizes {
  /** Networks in the cluster, measured on the way from each number to the next. */
  readonly networks: readonly number[];
  readonly endpoints: number;
}

/** What the goals are set for. */
export const fullScale: ScaleSizes = { networks: [1000, 3000, 10_000], endpoints: 50_000 };
export const quickScale: ScaleSizes = { networks: [100, 300], endpoints: 500 };

const BARE_NETWORKS = 1000;
const RESTART_MS = 300_000;

/** On a real API server when there is one (`KUBEBUILDER_ASSETS`, or what `make cluster` built), else on the embedded one. */
export async function scaleFigures({ networks, endpoints }: ScaleSizes): Promise<Figure[]> {
  await using cleanup = new AsyncDisposableStack();
  const owner = {
    teardown: (end: () => unknown) =>
      cleanup.defer(async () => {
        await end();
      }),
  };
  const api = await startServer(owner);
  console.log(`  on ${api.name}`);
  const client = api.client();
  await createPools(client);
  const bare = await bareWritesMs(api, Math.min(BARE_NETWORKS, networks[0] ?? 0));
  const costs = await allocationCosts(api, client, networks, bare);
  const total = networks.at(-1) ?? 0;
  await fill(api, client, endpoints, total);
  return [...costs, ...(await restart(api, total, endpoints))];
}

/** CPU time of the client for the writes alone, per Network. */
async function bareWritesMs(api: Api, count: number): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'warren-scale-'));
  try {
    const kubeconfig = join(dir, 'kubeconfig');
    await writeFile(kubeconfig, api.kubeconfig(), { mode: 0o600 });
    const program = resolve(import.meta.dirname, 'scale-writer.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [program, kubeconfig, String(count)]);
    return Number(stdout);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function allocationCosts(
  api: Api,
  client: KubeClient,
  sizes: readonly number[],
  bare: number,
): Promise<readonly Figure[]> {
  await using controller = await startScaleController(api.kubeconfig());
  const figures: Figure[] = [];
  let before = 0;
  for (const size of sizes) {
    const each = await costOfNetworks(client, controller, before, size);
    console.log(
      `  ${before} to ${size} networks: ${each.toFixed(2)} ms of CPU each, ${bare.toFixed(2)} ms without deciding`,
    );
    const measure = `controller, CPU per network above its writes, ${before} to ${size}`;
    figures.push(limitFigure(measure, each - bare, 'ms', 1));
    before = size;
  }
  return figures;
}

async function costOfNetworks(
  client: KubeClient,
  controller: ScaleController,
  from: number,
  to: number,
): Promise<number> {
  const start = await controller.cpuMs();
  await createNetworks(client, from, to);
  await networksReady(client, to);
  return ((await controller.cpuMs()) - start) / (to - from);
}

/** Brings all endpoints in, and the statuses up to date, so that a restart finds nothing to write. */
async function fill(api: Api, client: KubeClient, endpoints: number, networks: number): Promise<void> {
  await createNodes(client);
  await createEndpoints(client, endpoints, networks);
  await using _controller = await startScaleController(api.kubeconfig());
  await endpointsCounted(client, endpoints);
}

/** From the start of the process until it has looked at every Network. */
async function restart(api: Api, networks: number, endpoints: number): Promise<readonly Figure[]> {
  const start = performance.now();
  await using controller = await startScaleController(api.kubeconfig());
  await eventually(async () => {
    const done = await controller.networksDone();
    if (done < networks) throw new Error(`${done} of ${networks} Networks are in sync`);
  }, RESTART_MS);
  const seconds = (performance.now() - start) / 1000;
  const { now, most } = await controller.residentMegabytes();
  const cpu = await controller.cpuMs();
  const size = `${networks} networks, ${endpoints} endpoints`;
  console.log(
    `  restart with ${size}: ${seconds.toFixed(1)} s, ${cpu} ms of CPU, ${now.toFixed(0)} MB, at most ${most.toFixed(0)} MB`,
  );
  return [
    limitFigure(`controller, restart to in sync, ${size}`, seconds, 's', 10),
    limitFigure(`controller, resident at most, ${size}`, most, 'MB', 400),
  ];
}
