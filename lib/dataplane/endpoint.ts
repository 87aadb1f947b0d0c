/** An attached interface as data, and the kernel objects that every interface of ours consists of, whichever bridge it is on. */
import { family, type HostPrefix, type IpAddress, prefixAddress } from '../net/address.ts';
import type { IfName } from '../net/ifname.ts';
import { linkLocalFromMac, type Mac } from '../net/mac.ts';
import { endpointElements } from './antispoof.ts';
import type { KernelObject, NetnsRef } from './object.ts';
import { vethAlias, vethName } from './owner.ts';

/** One interface of one container on this node. */
export interface LocalEndpoint {
  readonly containerID: string;
  /** Its name inside the container. */
  readonly ifname: IfName;
  /** The container's namespace. */
  readonly sandbox: NetnsRef;
  readonly mac: Mac;
  /** With the prefix length of their subnet. */
  readonly addresses: readonly HostPrefix[];
}

/** The bridge that an interface is attached to. */
export interface Attachment {
  readonly netns: NetnsRef;
  readonly bridge: IfName;
  readonly mtu: number;
  /** Ports that are isolated reach the bridge, and not each other. */
  readonly isolated: boolean;
}

/** The interface, its guarded bridge port and its addresses. The port passes nothing but what `endpointElements` admits. */
export function attachEndpoint(endpoint: LocalEndpoint, to: Attachment): KernelObject[] {
  const name = vethName(endpoint.containerID, endpoint.ifname);
  const { netns } = to;
  const addresses = endpoint.addresses.map(
    (address) => ({ kind: 'address', netns: endpoint.sandbox, link: endpoint.ifname, address }) as const,
  );
  return [
    ...endpointElements(netns, name, endpoint.mac, allowedSources(endpoint)),
    endpointVeth(endpoint, to),
    endpointPort(name, to),
    { kind: 'fdb-master', netns, link: name, mac: endpoint.mac },
    ...addresses,
  ];
}

function endpointVeth(endpoint: LocalEndpoint, { netns, mtu }: Attachment): KernelObject {
  const { containerID, ifname, sandbox, mac } = endpoint;
  return {
    kind: 'veth',
    netns,
    name: vethName(containerID, ifname),
    mtu,
    alias: vethAlias(containerID, ifname),
    peer: { netns: sandbox, name: ifname, mac, mtu },
  };
}

/** Learning off and `locked`: a source MAC without a static FDB entry on this very port is dropped by the bridge itself. */
function endpointPort(name: IfName, { netns, bridge, isolated }: Attachment): KernelObject {
  const flags = { learning: false, locked: true, neighSuppress: false, hairpin: false };
  const floods = { flood: false, mcastFlood: true, bcastFlood: true };
  return { kind: 'port', netns, name, master: bridge, isolated, ...flags, ...floods };
}

/** Its addresses, and for neighbour discovery the link-local one that its kernel forms from the MAC (RFC 4291 appendix A). */
function allowedSources(endpoint: LocalEndpoint): IpAddress[] {
  const own = endpoint.addresses.map(prefixAddress);
  return own.some((ip) => family(ip) === 6) ? [...own, linkLocalFromMac(endpoint.mac)] : own;
}

/** The address of a node to tunnel to from a tunnel end of ours: an outer header has one family. */
export const reachableVtep = (own: IpAddress, theirs: readonly IpAddress[]): IpAddress | undefined =>
  theirs.find((vtep) => family(vtep) === family(own) && vtep !== own);
