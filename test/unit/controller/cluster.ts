/** A controller on an API server of its own, and what tests do to the cluster. */
import type { Test } from 'tap';
import { type AddressPool, addressPools } from '../../../lib/api/address-pool.ts';
import { type Node, nodes } from '../../../lib/api/core.ts';
import { LABEL_NETWORK, LABEL_NODE } from '../../../lib/api/meta.ts';
import { type NetworkClaim, networkClaims } from '../../../lib/api/network-claim.ts';
import { endpointName, type NetworkEndpoint, networkEndpoints } from '../../../lib/api/network-endpoint.ts';
import { type Network, networks } from '../../../lib/api/network.ts';
import { type NodePeer, nodePeers } from '../../../lib/api/node-peer.ts';
import { type Controller, type ControllerOptions, startController } from '../../../lib/controller/controller.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import { findCondition } from '../../../lib/kube/status.ts';
import { parseIp } from '../../../lib/net/address.ts';
import { macFromIp } from '../../../lib/net/mac.ts';
import { must } from '../../../lib/net/result.ts';
import { silentLogger } from '../../../lib/telemetry/log.ts';
import { createMetrics } from '../../../lib/telemetry/metrics.ts';
import { definitions, eventually, startTestApi, type TestApi } from '../api-server.ts';

/** Whatever a controller does, it does within this time on a machine that also does other things. */
const PATIENCE_MS = 60_000;

export interface TestCluster extends TestApi {
  controller(options?: Partial<ControllerOptions>): Controller;
  pool(name: string, cidr: string, prefixLength: number, purpose?: 'network' | 'gateway'): Promise<AddressPool>;
  network(name: string, spec?: object): Promise<Network>;
  node(name: string, podCIDRs?: readonly string[]): Promise<Node>;
  endpoint(network: string, address: string, node: string, pod?: PodReference): Promise<NetworkEndpoint>;
  readonly networks: () => Promise<readonly Network[]>;
  readonly claims: () => Promise<readonly NetworkClaim[]>;
  readonly peers: () => Promise<readonly NodePeer[]>;
  /** The Network once its condition is as said. */
  whenNetwork(name: string, condition: string, status: string, reason?: string): Promise<Network>;
  whenNetworks(isDone: (all: readonly Network[]) => boolean): Promise<readonly Network[]>;
  whenPeer(name: string, isDone: (peer: NodePeer) => boolean): Promise<NodePeer>;
  whenPool(name: string, isDone: (pool: AddressPool) => boolean): Promise<AddressPool>;
  whenClaims(isDone: (all: readonly NetworkClaim[]) => boolean): Promise<readonly NetworkClaim[]>;
}

/** What tests do and wait for, on whatever server the client speaks to. */
export const clusterOn = (client: KubeClient) => ({ ...makers(client), ...waiters(client) });

export async function startCluster(t: Test, crds = definitions): Promise<TestCluster> {
  const api = await startTestApi(t, crds);
  const { client } = api;
  return {
    ...api,
    ...clusterOn(client),
    controller: (options = {}) => {
      const controller = startController({
        client: api.newClient(),
        logger: silentLogger,
        metrics: createMetrics(),
        timing: { retryDelayMs: () => 50 },
        ...options,
      });
      t.teardown(() => controller.stop());
      return controller;
    },
  };
}

type PodReference = NonNullable<NetworkEndpoint['spec']['pod']>;
const podAt = (address: string): PodReference => ({ namespace: 'default', name: `pod-${address}`, uid: address });

function makers(client: KubeClient) {
  return {
    pool: (name: string, cidr: string, prefixLength: number, purpose = 'network') =>
      client.create(addressPools, { metadata: { name }, spec: { cidr, prefixLength, purpose } }),
    network: (name: string, spec: object = {}) => client.create(networks, { metadata: { name }, spec }),
    node: (name: string, podCIDRs: readonly string[] = []) =>
      client.create(nodes, { metadata: { name }, spec: podCIDRs.length > 0 ? { podCIDR: podCIDRs[0], podCIDRs } : {} }),
    endpoint: (network: string, address: string, node: string, pod: PodReference = podAt(address)) => {
      const ip = must(parseIp(address));
      const labels = { [LABEL_NETWORK]: network, [LABEL_NODE]: node };
      const spec = { network, addresses: [`${ip}/24`], mac: macFromIp(ip), nodeName: node, interface: 'net1' };
      return client.create(networkEndpoints, {
        metadata: { name: endpointName(network, ip), labels },
        spec: { ...spec, containerID: `c-${address}`, pod },
      });
    },
    networks: async () => (await client.list(networks)).items,
    claims: async () => (await client.list(networkClaims)).items,
    peers: async () => (await client.list(nodePeers)).items,
  };
}

function waiters(client: KubeClient) {
  const { networks: listNetworks, claims } = makers(client);
  return {
    whenNetwork: (name: string, type: string, status: string, reason?: string) =>
      eventually(
        () => client.get(networks, name),
        (network) => {
          const condition = findCondition(network.status.conditions, type);
          return condition?.status === status && (reason === undefined || condition.reason === reason);
        },
        PATIENCE_MS,
      ),
    whenNetworks: (isDone: (all: readonly Network[]) => boolean) => eventually(listNetworks, isDone, PATIENCE_MS),
    whenPeer: (name: string, isDone: (peer: NodePeer) => boolean) =>
      eventually(
        () => client.get(nodePeers, name).catch(() => undefined),
        (peer) => peer !== undefined && isDone(peer),
        PATIENCE_MS,
      ).then((peer) => peer!),
    whenPool: (name: string, isDone: (pool: AddressPool) => boolean) =>
      eventually(() => client.get(addressPools, name), isDone, PATIENCE_MS),
    whenClaims: (isDone: (all: readonly NetworkClaim[]) => boolean) => eventually(claims, isDone, PATIENCE_MS),
  };
}

export const isReady = ({ status }: Network): boolean => findCondition(status.conditions, 'Ready')?.status === 'True';
export const subnetsOf = ({ status }: Network): readonly string[] => (status.subnets ?? []).map(({ cidr }) => cidr);

/** Every network ready with a subnet and VNI of its own, every node with a gateway subnet, and a claim for each value. */
export async function settled(
  t: Test,
  cluster: Pick<TestCluster, 'whenNetworks' | 'whenClaims' | 'peers'>,
  expected: { networks: number; nodes?: number },
): Promise<void> {
  const { networks: count, nodes = 0 } = expected;
  const all = await cluster.whenNetworks((list) => list.length === count && list.every(isReady));
  const claims = await cluster.whenClaims((list) => list.length === 2 * count + nodes);
  t.same(new Set(all.map((network) => subnetsOf(network).length)), new Set([1]), 'one subnet each');
  t.equal(new Set(all.flatMap(subnetsOf)).size, count, 'no subnet twice');
  t.equal(new Set(all.map(({ status }) => status.vni)).size, count, 'no VNI twice');
  const inUse = [...all.flatMap(subnetsOf), ...all.map(({ status }) => String(status.vni))];
  const held = claims.filter(({ spec }) => spec.holder.kind === 'Network').map(({ spec }) => spec.value);
  t.same(held.toSorted(), inUse.toSorted(), 'claims stand for what is in use, and for nothing else');
  const gateways = (await cluster.peers()).flatMap(({ spec }) => spec.gatewaySubnets);
  t.equal(new Set(gateways).size, nodes, 'a gateway subnet for each node');
}
