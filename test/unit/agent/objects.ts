// Objects of the API and of the journal as tests of the agent want them: whole, valid, and different only where a test says so.
import type { AddCall } from '../../../lib/agent/wanted.ts';
import type { NodeFacts, View } from '../../../lib/agent/view.ts';
import { API_VERSION } from '../../../lib/api/meta.ts';
import { networks, type Network } from '../../../lib/api/network.ts';
import { endpointName, networkEndpoints, type NetworkEndpoint } from '../../../lib/api/network-endpoint.ts';
import { nodePeers, type NodePeer } from '../../../lib/api/node-peer.ts';
import { pods, type Pod } from '../../../lib/api/core.ts';
import { macFromIp } from '../../../lib/net/mac.ts';
import { ifName, ip, prefix } from '../dataplane/sample.ts';

const metadata = (name: string) => ({ name, uid: `uid-${name}`, resourceVersion: '1' });

export const facts: NodeFacts = {
  vteps: [ip('172.30.0.11')],
  underlayMtu: 1500,
  gatewaySubnets: [prefix('172.20.0.0/24')],
};

/** Allocated: 10.0.0.0/24 and VNI 4097. */
export const networkObject = (
  name: string,
  change: { spec?: object; status?: object; metadata?: object } = {},
): Network =>
  networks.schema.parse({
    ...{ apiVersion: API_VERSION, kind: 'Network' },
    metadata: { ...metadata(name), ...change.metadata },
    spec: { attachable: true, ...change.spec },
    status: { vni: 4097, subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.1' }], ...change.status },
  });

export const endpointObject = (
  network: string,
  address: string,
  nodeName: string,
  change: object = {},
): NetworkEndpoint =>
  networkEndpoints.schema.parse({
    ...{ apiVersion: API_VERSION, kind: 'NetworkEndpoint' },
    metadata: metadata(endpointName(network, ip(address))),
    spec: {
      ...{ network, nodeName, addresses: [`${address}/24`], mac: macFromIp(ip(address)) },
      ...{ interface: 'net1', containerID: `on-${nodeName}`, ...change },
    },
  });

export const peerObject = (name: string, vteps: readonly string[], gatewaySubnets: readonly string[]): NodePeer =>
  nodePeers.schema.parse({
    ...{ apiVersion: API_VERSION, kind: 'NodePeer', metadata: metadata(name) },
    ...{ spec: { gatewaySubnets }, status: { vteps } },
  });

export const podObject = (change: object = {}): Pod =>
  pods.schema.parse({
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { ...metadata('web'), namespace: 'default', ...change },
  });

export const addCall = (change: Partial<AddCall> = {}): AddCall => ({
  ...{ command: 'ADD', netns: '/run/netns/c1', containerID: 'c1', ifname: ifName('eth0') },
  ...change,
});

/** The node n1 with nothing on it. */
export const viewOf = (change: Partial<View> = {}): View => ({
  config: { nodeName: 'n1', netnsDir: '/run/netns', icc: true },
  ...{ node: facts, attachments: [], peers: [], network: () => undefined, endpoints: () => [] },
  ...change,
});
