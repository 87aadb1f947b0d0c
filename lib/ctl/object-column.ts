/** The columns in which each kind is listed, as its CRD's printer columns have them. */
import type { AddressPool } from '../api/address-pool.ts';
import type { Condition, ObjectMeta } from '../api/meta.ts';
import type { NetworkEndpoint } from '../api/network-endpoint.ts';
import type { Network } from '../api/network.ts';
import type { NodePeer } from '../api/node-peer.ts';
import { ageOf } from './age.ts';
import { subnetsOf } from './network-inspect.ts';
import { labelText } from './labels.ts';

export interface Column<T> {
  readonly header: string;
  readonly cell: (object: T, now: Date) => string;
  /** Only with `-o wide`. */
  readonly wide?: true;
}

const NONE = '<none>';
const orNone = (text: string | undefined): string => (text === undefined || text === '' ? NONE : text);
const countText = (count: number | undefined): string => (count === undefined ? '-' : String(count));
const yesNo = (value: boolean): string => (value ? 'true' : 'false');
const age = ({ metadata }: { readonly metadata: ObjectMeta }, now: Date): string =>
  ageOf(metadata.creationTimestamp, now);
const ageColumn = { header: 'AGE', cell: age } as const;
const nameColumn = {
  header: 'NAME',
  cell: ({ metadata }: { readonly metadata: ObjectMeta }) => metadata.name,
} as const;
const labelsColumn = {
  header: 'LABELS',
  cell: ({ metadata }: { readonly metadata: ObjectMeta }) => orNone(labelText(metadata.labels)),
  wide: true,
} as const;

export const conditionOf = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find((condition) => condition.type === type);

/** `True`, or the reason why not: a person should not have to ask twice. */
export function readyText(conditions: readonly Condition[] | undefined): string {
  const ready = conditionOf(conditions, 'Ready');
  if (ready === undefined) return 'Unknown';
  return ready.status === 'True' ? 'True' : `${ready.status} (${ready.reason})`;
}

export const networkColumns: readonly Column<Network>[] = [
  nameColumn,
  {
    header: 'SUBNET',
    cell: (network) =>
      orNone(
        subnetsOf(network)
          .map((subnet) => subnet.cidr)
          .join(','),
      ),
  },
  { header: 'VNI', cell: ({ status }) => countText(status.vni) },
  { header: 'ENCRYPTED', cell: ({ spec }) => yesNo(spec.encrypted) },
  { header: 'ENDPOINTS', cell: ({ status }) => countText(status.endpoints) },
  { header: 'AVAILABLE', cell: ({ status }) => countText(status.available) },
  { header: 'NODES', cell: ({ status }) => countText(status.nodes) },
  { header: 'READY', cell: ({ status }) => readyText(status.conditions) },
  ageColumn,
  { header: 'MTU', cell: ({ status, spec }) => countText(status.mtu ?? spec.mtu), wide: true },
  { header: 'INTERNAL', cell: ({ spec }) => yesNo(spec.internal), wide: true },
  { header: 'ATTACHABLE', cell: ({ spec }) => yesNo(spec.attachable), wide: true },
  { header: 'INGRESS', cell: ({ spec }) => yesNo(spec.ingress), wide: true },
  { header: 'GATEWAY', cell: (network) => orNone(gatewaysOf(network)), wide: true },
  labelsColumn,
  { header: 'MESSAGE', cell: ({ status }) => orNone(messageOf(status.conditions)), wide: true },
];

const gatewaysOf = (network: Network): string =>
  subnetsOf(network)
    .map((subnet) => subnet.gateway ?? '')
    .filter((gateway) => gateway !== '')
    .join(',');

const messageOf = (conditions: readonly Condition[] | undefined): string | undefined => {
  const ready = conditionOf(conditions, 'Ready');
  return ready?.status === 'True' ? undefined : ready?.message;
};

export const poolColumns: readonly Column<AddressPool>[] = [
  nameColumn,
  { header: 'CIDR', cell: ({ spec }) => spec.cidr },
  { header: 'PREFIX', cell: ({ spec }) => `/${spec.prefixLength}` },
  { header: 'PURPOSE', cell: ({ spec }) => spec.purpose },
  { header: 'TOTAL', cell: ({ status }) => countText(status.total) },
  { header: 'USED', cell: ({ status }) => countText(status.used) },
  { header: 'FREE', cell: ({ status }) => countText(status.free) },
  ageColumn,
  labelsColumn,
  { header: 'MESSAGE', cell: ({ status }) => orNone(problemsOf(status.conditions)), wide: true },
];

const problemsOf = (conditions: readonly Condition[] | undefined): string =>
  (conditions ?? []).flatMap((one) => (one.status === 'False' ? [one.message] : [])).join('; ');

export const endpointColumns: readonly Column<NetworkEndpoint>[] = [
  nameColumn,
  { header: 'NETWORK', cell: ({ spec }) => spec.network },
  { header: 'ADDRESS', cell: ({ spec }) => spec.addresses.join(',') },
  { header: 'NODE', cell: ({ spec }) => spec.nodeName },
  { header: 'POD', cell: ({ spec: { pod } }) => (pod === undefined ? NONE : `${pod.namespace}/${pod.name}`) },
  ageColumn,
  { header: 'MAC', cell: ({ spec }) => spec.mac, wide: true },
  { header: 'INTERFACE', cell: ({ spec }) => spec.interface, wide: true },
  { header: 'CONTAINER', cell: ({ spec }) => spec.containerID, wide: true },
];

export const nodeColumns: readonly Column<NodePeer>[] = [
  nameColumn,
  { header: 'VTEP', cell: ({ status }) => orNone(status.vteps.join(',')) },
  { header: 'MTU', cell: ({ status }) => countText(status.underlayMTU) },
  { header: 'GATEWAY-SUBNETS', cell: ({ spec }) => orNone(spec.gatewaySubnets.join(',')) },
  { header: 'NETWORKS', cell: ({ status }) => String(status.networks.length) },
  { header: 'STATE', cell: nodeState },
  ageColumn,
  { header: 'JOINED', cell: ({ status }) => orNone(status.networks.join(',')), wide: true },
  { header: 'INCARNATION', cell: ({ status }) => orNone(status.incarnation), wide: true },
];

/** What the node's agent says of itself; without a word from it, which word is missing. */
export function nodeState({ spec, status }: NodePeer): string {
  const ready = conditionOf(status.conditions, 'Ready');
  if (ready !== undefined) return ready.status === 'True' ? 'Ready' : `NotReady (${ready.reason})`;
  if (status.incarnation === undefined || status.vteps.length === 0) return 'NoAgent';
  return spec.gatewaySubnets.length === 0 ? 'NoGatewaySubnet' : 'Reported';
}
