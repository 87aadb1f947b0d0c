// The agent's resident size: idle, and with a thousand peers programmed.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandOutput } from '../../lib/lab/command.ts';
import { agentDaemon } from '../../lib/lab/daemons.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { onNode } from '../../lib/lab/node.ts';
import { runningProcess } from '../../lib/lab/process.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { NETWORK, type BenchLab, runContainer } from './bench-lab.ts';
import { type Figure, limitFigure } from './figure.ts';

const PEERS = 1_000;
const NODE = 'n3';
const GROUP = '/apis/warren.dev/v1alpha1';
/** The address of a node that is known to the API only. */
const ABSENT = { name: 'absent', vtep: '172.30.0.200' } as const;

export async function memoryFigures({ lab, vni }: BenchLab): Promise<Figure[]> {
  await sleep(5_000);
  const idle = await residentMegabytes(lab);
  await runContainer(lab, 'memory', NODE);
  await registerAbsentNode(lab);
  for (let index = 0; index < PEERS; index += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, offset) => createPeer(lab, index + offset)));
  }
  await eventually(() => requirePeers(lab, vni), 60_000, 500);
  await sleep(2_000);
  const loaded = await residentMegabytes(lab);
  return [
    limitFigure('agent, resident, idle', idle, 'MB', 120),
    limitFigure('agent, resident, 1,000 peers', loaded, 'MB', 140),
  ];
}

/** VmRSS of the agent, in units of 1,000,000 bytes. */
async function residentMegabytes(lab: Lab): Promise<number> {
  const agent = await runningProcess(lab.layout, agentDaemon(NODE));
  if (agent === undefined) throw new Error(`the agent of ${NODE} does not run`);
  const status = await readFile(`/proc/${agent.pid}/status`, 'utf8');
  const kibibytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  return (kibibytes * 1024) / 1e6;
}

async function registerAbsentNode(lab: Lab): Promise<void> {
  const { name, vtep } = ABSENT;
  const body = { apiVersion: 'v1', kind: 'Node', metadata: { name } };
  await lab.api.request('/api/v1/nodes', { method: 'POST', body });
  await eventually(
    () =>
      lab.api.request(`${GROUP}/nodepeers/${name}/status`, {
        method: 'PATCH',
        contentType: 'application/merge-patch+json',
        body: { status: { vteps: [vtep], networks: [NETWORK] } },
      }),
    10_000,
  );
}

async function createPeer(lab: Lab, index: number): Promise<void> {
  const bytes = [10, 200, 100 + Math.floor(index / 250), 1 + (index % 250)] as const;
  const address = bytes.join('.');
  const mac = ['02', '42', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
  const labels = { 'warren.dev/network': NETWORK, 'warren.dev/node': ABSENT.name };
  await lab.api.request(`${GROUP}/networkendpoints`, {
    method: 'POST',
    body: {
      apiVersion: 'warren.dev/v1alpha1',
      kind: 'NetworkEndpoint',
      metadata: { name: `${NETWORK}.${address}`, labels },
      spec: {
        network: NETWORK,
        addresses: [`${address}/16`],
        mac,
        nodeName: ABSENT.name,
        interface: 'net1',
        containerID: index.toString(16).padStart(64, '0'),
      },
    },
  });
}

async function requirePeers(lab: Lab, vni: number): Promise<void> {
  const argv = onNode(lab.layout, NODE, ['nsenter', `--net=/run/netns/warren-${vni}`, '--', 'bridge', 'fdb', 'show']);
  const entries = (await commandOutput(argv)).split('\n').filter((line) => line.includes(`dst ${ABSENT.vtep}`)).length;
  if (entries < PEERS) throw new Error(`${entries} of ${PEERS} peers programmed`);
}
