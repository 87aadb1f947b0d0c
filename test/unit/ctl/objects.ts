// Objects as the API server hands them out, for the tests of what warrenctl makes of them.
import { addressPoolSchema } from '../../../lib/api/address-pool.ts';
import { networkEndpointSchema } from '../../../lib/api/network-endpoint.ts';
import { networkSchema } from '../../../lib/api/network.ts';
import { nodePeerSchema } from '../../../lib/api/node-peer.ts';

const API = 'warren.dev/v1alpha1';
export const CREATED = '2026-01-02T03:04:05Z';

const meta = (name: string, more: object = {}) => ({
  name,
  uid: `uid-of-${name}`,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: CREATED,
  ...more,
});
const condition = (type: string, status: 'True' | 'False', message = 'fine') => ({
  ...{ type, status, message, reason: status === 'True' ? 'Ready' : 'Refused', lastTransitionTime: CREATED },
});

export const READY = [condition('Ready', 'True')];
export const notReady = (message: string) => [condition('Ready', 'False', message)];

export const network = (name: string, of: { spec?: object; status?: object; metadata?: object } = {}) =>
  networkSchema.parse({
    apiVersion: API,
    kind: 'Network',
    metadata: meta(name, of.metadata),
    spec: of.spec ?? {},
    status: {
      ...{ subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.1' }], vni: 4097, endpoints: 0, conditions: READY },
      ...of.status,
    },
  });

export const endpoint = (
  on: string,
  address: string,
  of: { node?: string; container?: string; pod?: string | null; ifname?: string } = {},
) =>
  networkEndpointSchema.parse({
    apiVersion: API,
    kind: 'NetworkEndpoint',
    metadata: meta(`${on}.${address.replace(/\/.*/, '')}`),
    spec: {
      ...{ network: on, addresses: [address], mac: '02:42:0a:00:00:02', interface: of.ifname ?? 'net1' },
      ...{ nodeName: of.node ?? 'n1', containerID: of.container ?? `container-${address}` },
      ...(of.pod === null
        ? {}
        : { pod: { namespace: 'default', name: of.pod ?? 'web-1', uid: `uid-of-${of.pod ?? 'web-1'}` } }),
    },
  });

export const peer = (name: string, of: { spec?: object; status?: object } = {}) =>
  nodePeerSchema.parse({
    apiVersion: API,
    kind: 'NodePeer',
    metadata: meta(name),
    spec: { gatewaySubnets: [`172.20.${name.slice(1)}.0/24`], ...of.spec },
    status: { vteps: [`172.30.0.1${name.slice(1)}`], underlayMTU: 1500, incarnation: 'i', networks: [], ...of.status },
  });

export const pool = (name: string, of: { spec?: object; status?: object } = {}) =>
  addressPoolSchema.parse({
    apiVersion: API,
    kind: 'AddressPool',
    metadata: meta(name),
    spec: { cidr: '10.0.0.0/8', prefixLength: 24, purpose: 'network', ...of.spec },
    status: { total: 10, used: 1, free: 9, ...of.status },
  });
