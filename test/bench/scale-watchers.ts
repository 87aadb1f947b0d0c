// What a change of an endpoint costs the API server when many agents watch: CPU time and bytes with 0, 10, 30 and 100 watchers. By hand:
//   node test/bench/scale-watchers.ts
// Each watcher watches as an agent does, the endpoints of one network by label: of the network that changes, or of another one.
import { readdirSync, readFileSync } from 'node:fs';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { LABEL_NETWORK } from '../../lib/api/meta.ts';
import { networkEndpoints } from '../../lib/api/network-endpoint.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { type Api, realApi } from '../api/harness.ts';
import { createEndpoint } from './scale-cluster.ts';

const CHANGES = 500;
const CHANGES_PER_SECOND = 100;
const WATCHERS = [0, 10, 30, 100] as const;
const CHANGING = 'changing';
const MS_PER_TICK = 10;

interface Watchers {
  bytes(): number;
  stop(): void;
}

/** Resolves when the server has accepted all of them. */
async function watch(api: Api, count: number, network: string, resourceVersion: string): Promise<Watchers> {
  let bytes = 0;
  const { url, token, ca } = api.server;
  const query = new URLSearchParams({ watch: 'true', labelSelector: `${LABEL_NETWORK}=${network}`, resourceVersion });
  const path = `/apis/warren.dev/v1alpha1/networkendpoints?${query}`;
  const open = (): Promise<() => void> =>
    new Promise((resolve, reject) => {
      const options = { ca, agent: false, headers: { authorization: `Bearer ${token}` } };
      const request = https.get(new URL(path, url), options, (response) => {
        response.on('data', (chunk: Buffer) => (bytes += chunk.length));
        response.on('error', () => undefined);
        resolve(() => request.destroy());
      });
      request.on('error', reject);
    });
  const closers = await Promise.all(Array.from({ length: count }, open));
  return { bytes: () => bytes, stop: () => closers.forEach((close) => close()) };
}

/** Of the kube-apiserver that this process started; proc(5). */
function serverCpuMs(): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = readStat(pid);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (stat.includes('(kube-apiserver)') && Number(fields[1]) === process.pid)
      return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  }
  throw new Error('no kube-apiserver of ours runs');
}

function readStat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
}

/** At an even pace. */
async function change(client: KubeClient, from: number): Promise<void> {
  const start = performance.now();
  const under = Array.from({ length: CHANGES }, async (_, index) => {
    await sleep((index * 1000) / CHANGES_PER_SECOND);
    await createEndpoint(client, from + index, CHANGING);
  });
  await Promise.all(under);
  const seconds = (performance.now() - start) / 1000;
  if (seconds > (1.5 * CHANGES) / CHANGES_PER_SECOND) console.log(`  too slow: ${seconds.toFixed(1)} s`);
}

async function measure(api: Api, client: KubeClient, count: number, network: string, from: number): Promise<void> {
  const { resourceVersion } = await client.list(networkEndpoints, { limit: 1, labelSelector: 'none=none' });
  const watchers = await watch(api, count, network, resourceVersion);
  await sleep(1000);
  const before = serverCpuMs();
  await change(client, from);
  const expected = network === CHANGING ? CHANGES * count * 500 : 0;
  await eventually(() => arrived(watchers, expected), 30_000);
  await sleep(500);
  const cpu = (serverCpuMs() - before) / CHANGES;
  const bytes = count === 0 ? 0 : watchers.bytes() / CHANGES / count;
  watchers.stop();
  const where = network === CHANGING ? 'of the network' : 'of another network';
  console.log(
    `${count} watchers ${where}: ${cpu.toFixed(2)} ms of CPU a change, ${bytes.toFixed(0)} bytes to each watcher`,
  );
}

const arrived = (watchers: Watchers, expected: number): Promise<void> =>
  watchers.bytes() >= expected
    ? Promise.resolve()
    : Promise.reject(new Error(`${watchers.bytes()} of ${expected} bytes`));

await using cleanup = new AsyncDisposableStack();
const api = await realApi({
  teardown: (end: () => unknown) =>
    cleanup.defer(async () => {
      await end();
    }),
});
const client = api.client();
let from = 0;
// The first one warms up.
for (const [count, network] of [
  [0, CHANGING],
  ...WATCHERS.flatMap(
    (n) =>
      [
        [n, CHANGING],
        [n, 'other'],
      ] as const,
  ),
] as const) {
  await measure(api, client, count, network, from);
  from += CHANGES;
}
