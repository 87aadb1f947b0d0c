/** From what the agent knows to the inputs of the features: pure, so that a test can say what a node should look like. */
import type { NetworkEndpoint } from '../api/network-endpoint.ts';
import type { AllocatedSubnet, Network } from '../api/network.ts';
import type { NodePeer } from '../api/node-peer.ts';
import { type LocalEndpoint, reachableVtep } from '../dataplane/endpoint.ts';
import { type KernelObject, type NetnsRef } from '../dataplane/object.ts';
import { netnsVni, networkNetns } from '../dataplane/owner.ts';
import { desiredGateway, type GatewayInput, podObjects } from '../gateway/desired.ts';
import { VXLAN_PORT } from '../gateway/pod-network.ts';
import { family, type IpAddress, type Prefix } from '../net/address.ts';
import type { Vni } from '../net/vni.ts';
import type { RemoteEndpoint } from '../overlay/claims.ts';
import { desiredNetwork, localObjects, type NetworkInput } from '../overlay/desired.ts';
import type { Attachment, InterfaceRecord } from '../store/attachment.ts';
import { type AgentConfig, ENCRYPTED_VXLAN_PORT } from './config.ts';

/** What a node must know of itself before it can attach anything. */
export interface NodeFacts {
  /** Tunnel addresses, the one in use first. */
  readonly vteps: readonly [IpAddress, ...IpAddress[]];
  /** Of the device that holds the tunnel address, bytes. */
  readonly underlayMtu: number;
  readonly gatewaySubnets: readonly Prefix[];
}

export interface View {
  readonly config: Pick<AgentConfig, 'nodeName' | 'netnsDir' | 'icc'>;
  readonly node: NodeFacts;
  readonly attachments: readonly Attachment[];
  readonly peers: readonly NodePeer[];
  readonly network: (name: string) => Network | undefined;
  readonly endpoints: (network: string) => readonly NetworkEndpoint[];
}

/** IP, UDP, VXLAN and the inner Ethernet header (RFC 7348 section 5): 50 bytes, 20 more over IPv6. */
export function tunnelMtu(node: NodeFacts): number {
  return node.underlayMtu - (family(node.vteps[0]) === 4 ? 50 : 70);
}

export const overlayMtu = (node: NodeFacts, network: Network | undefined): number => {
  const most = tunnelMtu(node);
  return Math.min(network?.spec.mtu ?? most, most);
};

/** The namespaces whose state is decided here: the host's, and one per network with an endpoint. */
export function scopesOf(view: View): readonly NetnsRef[] {
  const overlays = view.attachments
    .filter(isAttached)
    .flatMap((one) => one.interfaces.map((each) => scopeOf(each, view)));
  return [...new Set<NetnsRef>(['host', ...overlays])];
}

export function scopeOf(one: InterfaceRecord, { config }: Pick<View, 'config'>): NetnsRef {
  return one.on.kind === 'gateway' ? 'host' : networkNetns(config.netnsDir, one.on.vni);
}

/** All that should be in a scope, with what it brings into containers. */
export function desiredScope(view: View, scope: NetnsRef): readonly KernelObject[] {
  if (scope === 'host') return desiredGateway(gatewayInput(view));
  const vni = netnsVni(scope);
  const input = vni === undefined ? undefined : networkInput(view, vni);
  return input === undefined ? [] : desiredNetwork(input);
}

/** What one interface consists of, apart from the bridge that it is on. */
export function interfaceObjects(view: View, attachment: Attachment, one: InterfaceRecord): readonly KernelObject[] {
  const endpoint = localEndpoint(attachment, one);
  if (one.on.kind === 'gateway') return podObjects({ ...gatewayOf(view), endpoints: [endpoint] });
  const { vni, subnets, network } = one.on;
  const scope = networkNetns(view.config.netnsDir, vni);
  const input = { ...segmentOf(view, vni, network, subnets), local: [endpoint], remote: [] };
  return localObjects(endpoint, scope, input);
}

const gatewayOf = ({ node, config }: View): Omit<GatewayInput, 'endpoints' | 'peers'> => ({
  subnets: node.gatewaySubnets,
  mtu: tunnelMtu(node),
  vteps: node.vteps,
  tunnelPorts: [VXLAN_PORT, ENCRYPTED_VXLAN_PORT],
  icc: config.icc,
  masquerade: true,
});

function gatewayInput(view: View): GatewayInput {
  const { config } = view;
  return {
    ...gatewayOf(view),
    endpoints: localEndpoints(view, (one) => one.on.kind === 'gateway'),
    peers: view.peers
      .filter((peer) => peer.metadata.name !== config.nodeName)
      .map((peer) => ({ gatewaySubnets: peer.spec.gatewaySubnets, vteps: peer.status.vteps })),
  };
}

function networkInput(view: View, vni: Vni): NetworkInput | undefined {
  const isOn = (one: InterfaceRecord): boolean => one.on.kind === 'overlay' && one.on.vni === vni;
  const known = view.attachments
    .filter(isAttached)
    .flatMap((one) => one.interfaces.filter(isOn))
    .at(-1);
  if (known?.on.kind !== 'overlay') return undefined;
  const { network, subnets } = known.on;
  return {
    ...segmentOf(view, vni, network, subnets),
    local: localEndpoints(view, isOn),
    remote: remoteEndpoints(view, network),
  };
}

/** The API server's word on the network where there is one; the journal's keeps containers connected without it. */
function segmentOf(view: View, vni: Vni, name: string, recorded: readonly AllocatedSubnet[]) {
  const network = view.network(name);
  const isSame = network?.status.vni === vni;
  return {
    netnsDir: view.config.netnsDir,
    vni,
    mtu: overlayMtu(view.node, network),
    port: VXLAN_PORT,
    vtep: view.node.vteps[0],
    subnets: (isSame ? network.status.subnets : undefined) ?? recorded,
  };
}

const isAttached = (one: Attachment): boolean => one.state === 'attached';

function localEndpoints(view: View, isWanted: (one: InterfaceRecord) => boolean): LocalEndpoint[] {
  return view.attachments
    .filter(isAttached)
    .flatMap((attachment) => attachment.interfaces.filter(isWanted).map((one) => localEndpoint(attachment, one)));
}

const localEndpoint = (attachment: Attachment, one: InterfaceRecord): LocalEndpoint => ({
  containerID: attachment.containerID,
  ifname: one.ifname,
  sandbox: attachment.netns,
  mac: one.mac,
  addresses: one.addresses,
});

function remoteEndpoints(view: View, network: string): RemoteEndpoint[] {
  const vteps = new Map(view.peers.map((peer) => [peer.metadata.name, peer.status.vteps]));
  return view.endpoints(network).flatMap(({ metadata, spec }) => {
    if (spec.nodeName === view.config.nodeName) return [];
    const vtep = reachableVtep(view.node.vteps[0], vteps.get(spec.nodeName) ?? []);
    return vtep === undefined ? [] : [{ name: metadata.name, mac: spec.mac, addresses: spec.addresses, vtep }];
  });
}
