/** Which interfaces an ADD asks for: from the pod's annotation, or from a configuration that names one network. */
import { CNI_CODE, CniError } from '../api/cni.ts';
import type { CniCall } from '../api/cni-env.ts';
import type { NetConf } from '../api/cni-netconf.ts';
import type { Pod } from '../api/core.ts';
import type { Network } from '../api/network.ts';
import { ANNOTATION_NETWORKS, type AttachmentRequest, parsePodNetworks } from '../api/pod-networks.ts';
import type { IfName } from '../net/ifname.ts';
import type { Vni } from '../net/vni.ts';

export type AddCall = Extract<CniCall, { command: 'ADD' | 'CHECK' }>;

export interface Wanted {
  /** The name of the interface on the gateway bridge; absent when only one network is asked for. */
  readonly gateway: IfName | undefined;
  readonly overlays: readonly AttachmentRequest[];
}

/** Throws CniError 7 with the annotation's fault. */
export function wantedInterfaces(call: AddCall, conf: NetConf, pod: Pod | undefined): Wanted {
  if (conf.network !== undefined) {
    const { ips, mac, aliases } = conf.runtimeConfig;
    const request = {
      network: conf.network,
      interface: call.ifname,
      ips,
      aliases,
      ...(mac === undefined ? {} : { mac }),
    };
    return { gateway: undefined, overlays: [request] };
  }
  const text = pod?.metadata.annotations?.[ANNOTATION_NETWORKS];
  if (text === undefined) return { gateway: call.ifname, overlays: [] };
  const parsed = parsePodNetworks(text);
  if (!parsed.ok) throw new CniError(CNI_CODE.invalidConfig, parsed.error);
  for (const request of parsed.value) checkRequest(request, call.ifname);
  return { gateway: call.ifname, overlays: parsed.value };
}

function checkRequest({ network, interface: ifname, defaultRoute }: AttachmentRequest, primary: IfName): void {
  const refuse = (what: string): never => {
    const message = `annotation ${ANNOTATION_NETWORKS}: network ${network} asks for ${what}`;
    throw new CniError(CNI_CODE.invalidConfig, message);
  };
  if (ifname === primary) refuse(`the interface name "${ifname}", which is the pod's own: choose another`);
  if (defaultRoute !== undefined) refuse('a default-route, which this version cannot provide: remove the key');
}

/** A Network that can be attached to: allocated by the controller. */
export interface ReadyNetwork {
  readonly network: Network;
  readonly vni: Vni;
  readonly subnets: NonNullable<Network['status']['subnets']>;
}

/** Throws CniError that names the network and what to do. */
export function readyNetwork(name: string, network: Network | undefined, pod: Pod | undefined): ReadyNetwork {
  if (network === undefined) {
    const message = `network ${name} does not exist: create it, or correct the name in the annotation`;
    throw new CniError(CNI_CODE.networkNotFound, message);
  }
  const { vni, subnets, conditions = [] } = network.status;
  const refused = conditions.find((one) => one.status === 'False' && one.type !== 'Ready');
  if (network.metadata.deletionTimestamp !== undefined) throw notReady(name, 'it is being deleted');
  if (refused !== undefined) throw notReady(name, refused.message);
  if (vni === undefined || subnets === undefined || subnets.length === 0) {
    throw notReady(name, 'the controller has not allocated its subnets yet; see "kubectl describe network"');
  }
  if (!network.spec.attachable && !hasController(pod)) throw notAttachable(name);
  return { network, vni, subnets };
}

const notReady = (name: string, why: string): CniError =>
  new CniError(CNI_CODE.networkNotReady, `network ${name} is not ready: ${why}`);

const hasController = (pod: Pod | undefined): boolean =>
  pod?.metadata.ownerReferences?.some((owner) => owner.controller === true) ?? false;

const notAttachable = (name: string): CniError =>
  new CniError(
    CNI_CODE.notPermitted,
    `network ${name} is not attachable: a pod without a controller may join it only with spec.attachable: true`,
  );
