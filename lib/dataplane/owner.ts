/** The names and marks by which a person, a restarted agent and a host firewall tell what is ours in a kernel. */
import { hash } from 'node:crypto';
import type { IfName } from '../net/ifname.ts';
import { parseVni, type Vni } from '../net/vni.ts';
import type { NetnsRef } from './object.ts';

/** Every device of ours in the host's namespace starts with it: one pattern for NetworkManager's `unmanaged-devices`. */
export const DEVICE_PREFIX = 'warren';
/** The bridge that eth0 of every pod of the node is on. */
export const GATEWAY_BRIDGE = 'warren-gw' as IfName;
/** The VXLAN device that carries the pod network between gateway bridges. */
export const POD_NETWORK_LINK = 'warren-pod' as IfName;
/** Devices of an overlay network, inside its own namespace. */
export const NETWORK_BRIDGE = 'br0' as IfName;
export const NETWORK_VXLAN = 'vxlan0' as IfName;
export const NFT_TABLE = 'warren';
/** rtm_protocol of our routes; none of /etc/iproute2/rt_protos has it. */
export const ROUTE_PROTOCOL = 87;

const NETNS_NAME = /\/warren-(\d{1,8})$/;

/** The namespace of an overlay network, e.g. `/run/netns/warren-4097`. */
export const networkNetns = (netnsDir: string, vni: Vni): NetnsRef => `${netnsDir}/warren-${vni}` as NetnsRef;

/** The network that a namespace belongs to; nothing when the namespace is not ours. */
export function netnsVni(netns: string): Vni | undefined {
  const digits = NETNS_NAME.exec(netns)?.[1];
  const vni = parseVni(Number(digits));
  return vni.ok && String(vni.value) === digits ? vni.value : undefined;
}

/** The host's end of an interface: a name that any restart computes again. 45 bits of SHA-256 in base 32 fit IFNAMSIZ. */
export function vethName(containerID: string, ifname: IfName): IfName {
  const digest = hash('sha256', `${containerID}:${ifname}`, 'buffer');
  const symbols = Array.from(digest.subarray(0, 9), (byte) => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(byte & 31));
  return `${DEVICE_PREFIX}${symbols.join('')}` as IfName;
}

/** IFLA_IFALIAS of both ends. */
export const vethAlias = (containerID: string, ifname: IfName): string => `warren:${containerID}:${ifname}`;

/** The attachment that a link belongs to; nothing when the link is not ours. */
export function parseVethAlias(alias: string): { readonly containerID: string; readonly ifname: IfName } | undefined {
  const match = /^warren:([^:]+):([^:]+)$/.exec(alias);
  return match ? { containerID: match[1] ?? '', ifname: (match[2] ?? '') as IfName } : undefined;
}
