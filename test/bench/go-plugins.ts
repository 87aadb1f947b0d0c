// The peer: the reference plugins `bridge` and `host-local`, in Go, in a network namespace that plays their node.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandOutput } from '../../lib/lab/command.ts';
import { startStopwatch, type Stopwatch } from './stopwatch-client.ts';
import type { Side } from './side.ts';

const PLUGINS = '/usr/lib/cni';
const FOLDER = '/run/warren-bench-';

const configOf = (dataDir: string): object => ({
  cniVersion: '1.0.0',
  name: 'peer',
  type: 'bridge',
  bridge: 'cni0',
  isGateway: true,
  ipam: {
    type: 'host-local',
    dataDir,
    ranges: [[{ subnet: '10.111.0.0/16' }]],
    routes: [{ dst: '0.0.0.0/0' }],
  },
});

/** A fresh node for the Go plugins. Disposing it removes everything that they and we made. */
export async function goPlugins(): Promise<Side> {
  await using cleanup = new AsyncDisposableStack();
  const dir = await mkdtemp(FOLDER);
  cleanup.defer(() => rm(dir, { recursive: true, force: true }));
  const node = `${dir.slice('/run/'.length)}-node`;
  await commandOutput(['ip', 'netns', 'add', node]);
  cleanup.defer(async () => {
    await commandOutput(['ip', 'netns', 'delete', node]);
  });
  await writeFile(join(dir, 'conf.json'), JSON.stringify(configOf(join(dir, 'ipam'))));
  const stopwatch = cleanup.use(startStopwatch((argv) => ['nsenter', `--net=/run/netns/${node}`, '--', ...argv]));
  const pods = new Set<string>();
  cleanup.defer(async () => {
    for (const pod of pods) await commandOutput(['ip', 'netns', 'delete', pod]);
  });
  const owned = cleanup.move();
  return {
    name: 'Go bridge + host-local',
    async prepare(pod) {
      await commandOutput(['ip', 'netns', 'add', `${node}-${pod}`]);
      pods.add(`${node}-${pod}`);
    },
    call: (verb, pod) => callPlugin(stopwatch, dir, verb, `${node}-${pod}`),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function callPlugin(stopwatch: Stopwatch, dir: string, verb: 'ADD' | 'DEL', pod: string): Promise<number> {
  return stopwatch.time({
    path: join(PLUGINS, 'bridge'),
    stdin: join(dir, 'conf.json'),
    stdout: join(dir, 'answer.json'),
    env: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      CNI_COMMAND: verb,
      CNI_CONTAINERID: pod,
      CNI_NETNS: `/run/netns/${pod}`,
      CNI_IFNAME: 'eth0',
      CNI_PATH: PLUGINS,
    },
  });
}
