// A cluster as large as a benchmark needs it: objects made side by side, and the look that says when all is done.
import { addressPools } from '../../lib/api/address-pool.ts';
import { nodes } from '../../lib/api/core.ts';
import { LABEL_NETWORK, LABEL_NODE } from '../../lib/api/meta.ts';
import { endpointName, networkEndpoints } from '../../lib/api/network-endpoint.ts';
import { networks } from '../../lib/api/network.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { findCondition } from '../../lib/kube/status.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { parseIp } from '../../lib/net/address.ts';
import { macFromIp } from '../../lib/net/mac.ts';
import { must } from '../../lib/net/result.ts';

/** Requests under way at a time. */
const WRITERS = 16;
const PATIENCE_MS = 600_000;
/** Endpoints are spread over so many nodes. */
const NODES = 100;

const nodeName = (index: number): string => `node-${index % NODES}`;
export const networkName = (index: number): string => `scale-${index}`;

/** Calls `work` with each number from `from` to before `to`, several at a time. */
export async function eachNumber(from: number, to: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = from;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < to; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: WRITERS }, worker));
}

export async function createPools(client: KubeClient): Promise<void> {
  const make = (name: string, cidr: string, purpose: string) =>
    client.create(addressPools, { metadata: { name }, spec: { cidr, prefixLength: 24, purpose } });
  await make('scale', '10.0.0.0/8', 'network');
  await make('scale-gateway', '172.20.0.0/16', 'gateway');
}

export const createNodes = (client: KubeClient): Promise<void> =>
  eachNumber(0, NODES, (index) => client.create(nodes, { metadata: { name: nodeName(index) }, spec: {} }));

export const createNetworks = (client: KubeClient, from: number, to: number): Promise<void> =>
  eachNumber(from, to, (index) => client.create(networks, { metadata: { name: networkName(index) }, spec: {} }));

/** Resolves when so many Networks are ready. */
export async function networksReady(client: KubeClient, count: number): Promise<void> {
  await eventually(
    async () => {
      const { items } = await client.list(networks);
      const ready = items.filter(({ status }) => findCondition(status.conditions, 'Ready')?.status === 'True').length;
      if (ready < count) throw new Error(`${ready} of ${count} Networks are ready`);
    },
    PATIENCE_MS,
    1000,
  );
}

/** The same number on each Network, at addresses of a range of their own: whose subnet it is does not matter here. */
export async function createEndpoints(client: KubeClient, count: number, networkCount: number): Promise<void> {
  await eachNumber(0, count, (index) => createEndpoint(client, index, networkName(index % networkCount)));
}

export function createEndpoint(client: KubeClient, index: number, network: string): Promise<unknown> {
  const ip = must(parseIp(`11.${index >> 16}.${(index >> 8) & 255}.${index & 255}`));
  const node = nodeName(index);
  const containerID = index.toString(16).padStart(64, '0');
  const pod = { namespace: 'default', name: `pod-${index}`, uid: `00000000-0000-4000-8000-${containerID.slice(-12)}` };
  const spec = { network, addresses: [`${ip}/24`], mac: macFromIp(ip), nodeName: node, interface: 'net1', containerID };
  return client.create(networkEndpoints, {
    metadata: { name: endpointName(network, ip), labels: { [LABEL_NETWORK]: network, [LABEL_NODE]: node } },
    spec: { ...spec, pod, names: [pod.name] },
  });
}

/** Resolves when the statuses count all of them. */
export async function endpointsCounted(client: KubeClient, count: number): Promise<void> {
  await eventually(
    async () => {
      const { items } = await client.list(networks);
      const counted = items.reduce((sum, { status }) => sum + (status.endpoints ?? 0), 0);
      if (counted < count) throw new Error(`${counted} of ${count} endpoints are counted`);
    },
    PATIENCE_MS,
    1000,
  );
}
