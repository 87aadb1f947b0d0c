/** The Services of a network as `docker network inspect --verbose` lists them: virtual address, ports, and the endpoints behind it. */
import type { Pod } from '../api/core.ts';
import type { NetworkEndpoint } from '../api/network-endpoint.ts';
import type { NodePeer } from '../api/node-peer.ts';
import { prefixAddress } from '../net/address.ts';
import type { Service } from '../api/service.ts';

export interface ServiceView {
  /** `namespace/name` */
  readonly name: string;
  /** Empty for a headless Service, whose name stands for all of its endpoints. */
  readonly vip: string;
  /** `80/TCP` */
  readonly ports: readonly string[];
  readonly tasks: readonly ServiceTask[];
}

export interface ServiceTask {
  readonly name: string;
  readonly endpoint: string;
  readonly ip: string;
  /** Of the node that it runs on. */
  readonly hostIp: string;
}

export interface ServiceInput {
  readonly services: readonly Service[];
  readonly pods: readonly Pod[];
  /** Those of the network. */
  readonly endpoints: readonly NetworkEndpoint[];
  readonly peers: readonly NodePeer[];
}

export function serviceViews({ services, pods, endpoints, peers }: ServiceInput): readonly ServiceView[] {
  const byPod = new Map(endpoints.map((endpoint) => [endpoint.spec.pod?.uid, endpoint]));
  const addresses = new Map(peers.map((peer) => [peer.metadata.name, peer.status.vteps[0] ?? '']));
  const taskOf = (pod: Pod): readonly ServiceTask[] => {
    const endpoint = byPod.get(pod.metadata.uid);
    const [address] = endpoint?.spec.addresses ?? [];
    if (endpoint === undefined || address === undefined) return [];
    const { metadata, spec } = endpoint;
    const hostIp = addresses.get(spec.nodeName) ?? '';
    return [{ name: pod.metadata.name, endpoint: metadata.name, ip: prefixAddress(address), hostIp }];
  };
  return services.map((service) => ({
    name: `${service.metadata.namespace}/${service.metadata.name}`,
    vip: service.spec.clusterIP === 'None' ? '' : (service.spec.clusterIP ?? ''),
    ports: service.spec.ports.map((port) => `${port.port}/${port.protocol}`),
    tasks: pods.filter((pod) => isSelected(service, pod)).flatMap(taskOf),
  }));
}

/** A Service without a selector selects nothing. */
function isSelected({ metadata, spec }: Service, pod: Pod): boolean {
  const wanted = Object.entries(spec.selector ?? {});
  const labels = pod.metadata.labels ?? {};
  const isSameNamespace = pod.metadata.namespace === metadata.namespace;
  return isSameNamespace && wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
