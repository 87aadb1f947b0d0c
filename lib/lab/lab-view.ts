/** The lab as the API server and the nodes show it, in the shape that `drawLab` draws. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { prefixAddress } from '../net/address.ts';
import { listContainers } from './container-record.ts';
import type { Lab } from './lab.ts';
import type { PictureNetwork, PictureNode } from './picture.ts';

export interface LabView {
  readonly nodes: readonly PictureNode[];
  readonly networks: readonly PictureNetwork[];
}

const networksSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z
        .object({ subnets: z.array(z.object({ cidr: z.string() })).default([]), vni: z.number().default(0) })
        .prefault({}),
    }),
  ),
});
const endpointsSchema = z.object({
  items: z.array(
    z.object({
      spec: z.object({
        network: z.string(),
        interface: z.string(),
        addresses: z.array(z.string()),
        containerID: z.string(),
      }),
    }),
  ),
});
const podSchema = z.object({ status: z.object({ podIP: z.string().default('-') }).prefault({}) });

export interface EndpointView {
  readonly network: string;
  readonly interface: string;
  /** With prefix length. */
  readonly addresses: readonly string[];
  readonly containerID: string;
}

const API = '/apis/warren.dev/v1alpha1';

/** Every NetworkEndpoint's spec. */
export async function listEndpoints(lab: Pick<Lab, 'api'>): Promise<readonly EndpointView[]> {
  return endpointsSchema.parse(await lab.api.request(`${API}/networkendpoints`)).items.map((item) => item.spec);
}

/** Every Network with its first subnet and its VNI: empty and 0 until the controller has allocated them. */
export async function listNetworks(lab: Pick<Lab, 'api'>): Promise<readonly PictureNetwork[]> {
  const { items } = networksSchema.parse(await lab.api.request(`${API}/networks`));
  return items.map(({ metadata, status }) => ({
    name: metadata.name,
    subnet: status.subnets[0]?.cidr ?? '',
    vni: status.vni,
  }));
}

/** The network namespaces of overlay networks on a node, such as `warren-4097`. */
export async function networkNamespaces(lab: Lab, node: string): Promise<readonly string[]> {
  const files = await readdir(join(lab.layout.node(node).run, 'netns')).catch(() => []);
  return files.filter((file) => /^warren-\d+$/.test(file)).toSorted();
}

export async function viewLab(lab: Lab): Promise<LabView> {
  const [networks, endpoints, records] = await Promise.all([
    listNetworks(lab),
    listEndpoints(lab),
    listContainers(lab.layout),
  ]);
  const containers = await Promise.all(
    records.map(async ({ id, name, node, namespace }) => {
      const pod = podSchema.parse(await lab.api.request(`/api/v1/namespaces/${namespace}/pods/${name}`));
      const overlays = endpoints
        .filter((endpoint) => endpoint.containerID === id)
        .map(({ interface: ifname, addresses, network }) => ({ name: ifname, address: bare(addresses[0]), network }))
        .toSorted((a, b) => a.name.localeCompare(b.name));
      return { node, name, interfaces: [{ name: 'eth0', address: pod.status.podIP, network: 'pod' }, ...overlays] };
    }),
  );
  const nodes = lab.nodes.map(async ({ name, addresses: [address] }) => {
    const present = await networkNamespaces(lab, name);
    return {
      name,
      address: address === undefined ? '' : prefixAddress(address),
      containers: containers.filter((container) => container.node === name),
      networks: networks.filter((network) => present.includes(`warren-${network.vni}`)).map((network) => network.name),
    };
  });
  return { networks, nodes: await Promise.all(nodes) };
}

const bare = (address = ''): string => address.replace(/\/.*/, '');
