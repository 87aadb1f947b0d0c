/** What `doctor` asks the API server. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { type AddressPool, addressPools } from '../../lib/api/address-pool.ts';
import { type Node, nodes, type Pod, pods } from '../../lib/api/core.ts';
import { leases } from '../../lib/api/lease.ts';
import { metaSchema, type Resource, SYSTEM_NAMESPACE } from '../../lib/api/meta.ts';
import { type Network, networks } from '../../lib/api/network.ts';
import { type NetworkEndpoint, networkEndpoints } from '../../lib/api/network-endpoint.ts';
import { type NodePeer, nodePeers } from '../../lib/api/node-peer.ts';
import { nodeFindings } from '../../lib/ctl/doctor-nodes.ts';
import { objectFindings } from '../../lib/ctl/doctor-objects.ts';
import {
  clockFindings,
  type DefinitionPair,
  definitionFindings,
  imageFindings,
  kernelFindings,
  leaderFindings,
  serverFindings,
} from '../../lib/ctl/doctor-versions.ts';
import { type Finding, skipped } from '../../lib/ctl/finding.ts';
import type { KubeClient, Listed } from '../../lib/kube/client.ts';
import { ApiError, hasReason } from '../../lib/kube/error.ts';
import { serverInfo } from '../../lib/kube/server-info.ts';
import { findPrograms } from '../../lib/lab/programs.ts';
import type { Cluster } from './cluster.ts';

/** What an agent may read, too: enough to judge its node. */
export interface NetworkState {
  readonly networks: Listed<Network>;
  readonly endpoints: Listed<NetworkEndpoint>;
  readonly peers: Listed<NodePeer>;
}

/** Everything of ours, and the Nodes and Pods that it is about. */
interface ClusterState extends NetworkState {
  readonly pools: Listed<AddressPool>;
  readonly nodes: Listed<Node>;
  readonly pods: Listed<Pod>;
}

/** Throws ApiError. */
export async function readNetworkState(client: KubeClient): Promise<NetworkState> {
  const [foundNetworks, endpoints, peers] = await Promise.all([
    client.list(networks),
    client.list(networkEndpoints),
    client.list(nodePeers),
  ]);
  return { networks: foundNetworks, endpoints, peers };
}

/** Endpoints before Pods: an endpoint whose Pod is not in the later list has none. */
async function readState(client: KubeClient): Promise<ClusterState> {
  const state = await readNetworkState(client);
  const [pools, foundNodes, foundPods] = await Promise.all([
    client.list(addressPools),
    client.list(nodes),
    client.list(pods),
  ]);
  return { ...state, pools, nodes: foundNodes, pods: foundPods };
}

/** Throws ApiError for anything but the lack of a right, which is a finding. */
export async function clusterFindings({ client, config }: Cluster): Promise<readonly Finding[]> {
  const { version, clockAheadMs } = await serverInfo(config);
  return [
    ...serverFindings(version),
    ...clockFindings(clockAheadMs),
    ...(await unlessForbidden('definitions', async () => definitionFindings(await definitionPairs(client)))),
    ...(await unlessForbidden('controller', () => controllerFindings(client))),
    ...(await unlessForbidden('versions', async () => imageFindings(await runningImages(client)))),
    ...(await unlessForbidden('kernels', async () => kernelFindings(await nodeKernels(client)))),
    ...(await unlessForbidden('cluster', async () => stateFindings(await readState(client)))),
  ];
}

function stateFindings(state: ClusterState): readonly Finding[] {
  const items = {
    networks: state.networks.items,
    pools: state.pools.items,
    endpoints: state.endpoints.items,
    peers: state.peers.items,
    nodes: state.nodes.items,
    pods: state.pods.items,
  };
  return [...nodeFindings(items), ...objectFindings({ ...items, unreadable: unreadableOf(state) })];
}

/** A person who may not see something still learns the rest. */
async function unlessForbidden(check: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    return [skipped(check, 'you may not see it', 'run this as an administrator of the cluster')];
  }
}

function unreadableOf(state: ClusterState) {
  return Object.entries(state).flatMap(([plural, { unreadable }]: [string, Listed<unknown>]) =>
    unreadable.map(({ name, error }) => ({ kind: KINDS[plural] ?? plural, name, error })),
  );
}
const KINDS: Readonly<Record<string, string>> = {
  networks: 'Network',
  pools: 'AddressPool',
  endpoints: 'NetworkEndpoint',
  peers: 'NodePeer',
  nodes: 'Node',
  pods: 'Pod',
};

const LEASE_NAME = 'warren-controller';

async function controllerFindings(client: KubeClient): Promise<readonly Finding[]> {
  try {
    const { spec } = await client.get(leases, LEASE_NAME, { namespace: SYSTEM_NAMESPACE });
    return leaderFindings(spec, new Date());
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
    return leaderFindings(undefined, new Date());
  }
}

const definitionSchema = z.looseObject({ metadata: z.looseObject({ name: z.string() }) });
const definitions: Resource<z.infer<typeof definitionSchema>> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
  schema: definitionSchema,
};

/** As they are in the cluster, beside those that came with this program. */
async function definitionPairs(client: KubeClient): Promise<readonly DefinitionPair[]> {
  const { items } = await client.list(definitions);
  return globSync(join(findPrograms().deploy, 'crds', '*.yaml')).map((file) => {
    const wanted = definitionSchema.parse(parse(readFileSync(file, 'utf8')));
    const { name } = wanted.metadata;
    return { name, wanted, found: items.find((one) => one.metadata.name === name) };
  });
}

const imagesSchema = z.object({
  metadata: metaSchema,
  spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })).default([]) }).prefault({}),
});

async function runningImages(client: KubeClient) {
  const { items } = await client.list({ ...pods, schema: imagesSchema }, { namespace: SYSTEM_NAMESPACE });
  return items.flatMap(({ metadata, spec }) =>
    spec.containers
      .filter(({ name }) => name.startsWith('warren'))
      .map(({ name, image }) => ({ pod: metadata.name, container: name, image })),
  );
}

const nodeInfoSchema = z.object({
  metadata: metaSchema,
  status: z.object({ nodeInfo: z.object({ kernelVersion: z.string().optional() }).optional() }).prefault({}),
});

async function nodeKernels(client: KubeClient) {
  const { items } = await client.list({ ...nodes, schema: nodeInfoSchema });
  return items.map(({ metadata, status }) => ({
    node: metadata.name,
    version: status.nodeInfo?.kernelVersion === '' ? undefined : status.nodeInfo?.kernelVersion,
  }));
}
