/** `docker network inspect`'s document, field by field, for the whole cluster: Docker's own shows the local node's containers alone. */
import type { NetworkEndpoint } from '../api/network-endpoint.ts';
import type { Network, SubnetSpec } from '../api/network.ts';
import type { NodePeer } from '../api/node-peer.ts';
import { family, type HostPrefix } from '../net/address.ts';
import { dockerOptions } from './driver-options.ts';
import type { ServiceView } from './service-view.ts';
import type { StructValue, Value } from './template-value.ts';

export const DRIVER = 'overlay';
export const SCOPE = 'cluster';

export interface InspectInput {
  readonly network: Network;
  /** Those of the network. */
  readonly endpoints: readonly NetworkEndpoint[];
  readonly peers: readonly NodePeer[];
  /** Those of the network; undefined: not asked for. */
  readonly services: readonly ServiceView[] | undefined;
}

/** Structs are plain objects, Docker's maps are Maps: templates tell them apart. */
export function inspectDocument({ network, endpoints, peers, services }: InspectInput): StructValue {
  const { metadata, spec } = network;
  const subnets = subnetsOf(network);
  return {
    Name: metadata.name,
    Id: metadata.uid,
    Created: metadata.creationTimestamp ?? '',
    Scope: SCOPE,
    Driver: DRIVER,
    EnableIPv4: subnets.some((subnet) => family(subnet.cidr) === 4),
    EnableIPv6: subnets.some((subnet) => family(subnet.cidr) === 6),
    IPAM: { Driver: 'default', Options: null, Config: subnets.map(configOf) },
    Internal: spec.internal,
    Attachable: spec.attachable,
    Ingress: spec.ingress,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: containersOf(endpoints),
    Options: dockerOptions(network),
    Labels: new Map(Object.entries(metadata.labels ?? {})),
    Peers: peers
      .filter((peer) => peer.status.networks.includes(metadata.name))
      .map((peer) => ({ Name: peer.metadata.name, IP: peer.status.vteps[0] ?? '' })),
    ...(services === undefined ? {} : { Services: servicesOf(services) }),
  };
}

/** What is in use; before the controller has decided, what the spec asks for. */
export const subnetsOf = ({ spec, status }: Network): readonly SubnetSpec[] => status.subnets ?? spec.subnets;

const configOf = ({ cidr, ipRange, gateway, reserved }: SubnetSpec): StructValue => ({
  Subnet: cidr,
  IPRange: ipRange ?? '',
  Gateway: gateway ?? '',
  AuxiliaryAddresses: new Map(Object.entries(reserved ?? {})),
});

/** A container that has two interfaces on the network is there twice: under its id, and with the interface behind it. */
function containersOf(endpoints: readonly NetworkEndpoint[]): ReadonlyMap<string, Value> {
  const containers = new Map<string, Value>();
  for (const endpoint of endpoints) {
    const { containerID, mac, addresses } = endpoint.spec;
    const key = containers.has(containerID) ? `${containerID}/${endpoint.spec.interface}` : containerID;
    containers.set(key, {
      Name: containerName(endpoint),
      EndpointID: endpoint.metadata.name,
      MacAddress: mac,
      IPv4Address: ofFamily(addresses, 4),
      IPv6Address: ofFamily(addresses, 6),
    });
  }
  return containers;
}

const ofFamily = (addresses: readonly HostPrefix[], of: 4 | 6): string =>
  addresses.find((address) => family(address) === of) ?? '';

/** `namespace/pod`; outside Kubernetes the first name, else the start of the id, as Docker shortens it. */
export function containerName({ spec: { pod, names, containerID } }: NetworkEndpoint): string {
  return pod === undefined ? (names[0] ?? containerID.slice(0, 12)) : `${pod.namespace}/${pod.name}`;
}

const servicesOf = (services: readonly ServiceView[]): ReadonlyMap<string, Value> =>
  new Map(
    services.map((service) => [
      service.name,
      {
        VIP: service.vip,
        Ports: service.ports,
        Tasks: service.tasks.map((task) => ({
          Name: task.name,
          EndpointID: task.endpoint,
          EndpointIP: task.ip,
          Info: new Map([['Host IP', task.hostIp]]),
        })),
      },
    ]),
  );
