// One network with one endpoint, an object of each kind: what table tests start from.
import type { NftElement, NftTable } from '../../../lib/dataplane/nft.ts';
import type { KernelObject, NetnsRef, Veth } from '../../../lib/dataplane/object.ts';
import { parseHostPrefix, parseIp, parsePrefix } from '../../../lib/net/address.ts';
import { parseIfName } from '../../../lib/net/ifname.ts';
import { parseMac } from '../../../lib/net/mac.ts';
import { must } from '../../../lib/net/result.ts';
import { parseVni } from '../../../lib/net/vni.ts';

export const netns: NetnsRef = '/run/netns/warren-4097';
export const sandbox: NetnsRef = '/run/netns/c1';
export const ifName = (text: string) => must(parseIfName(text));
export const ip = (text: string) => must(parseIp(text));
export const prefix = (text: string) => must(parsePrefix(text));
export const hostPrefix = (text: string) => must(parseHostPrefix(text));
export const toMac = (text: string) => must(parseMac(text));
export const toVni = (value: number) => must(parseVni(value));

const mac = toMac('02:42:0a:00:00:02');
const table: NftTable = {
  ...{ kind: 'nft-table', netns, family: 'bridge', name: 'warren' },
  sets: [{ name: 'ep4', type: ['ifname', 'ether_addr', 'ipv4_addr'] }],
  chains: [],
};
const element: NftElement = {
  ...{ kind: 'nft-element', netns, family: 'bridge', table: 'warren', set: 'ep4' },
  key: ['v1', mac, '10.0.0.2'],
};
const veth: Veth = {
  ...{ kind: 'veth', netns, name: ifName('v1'), mtu: 1450, alias: 'warren:c1:net1' },
  peer: { netns: sandbox, name: ifName('net1'), mac, mtu: 1450 },
};
const vxlanPlace = { netns, name: ifName('vxlan0'), mac, mtu: 1450 };
const portFlags = {
  ...{ learning: false, locked: true, isolated: false, neighSuppress: false },
  ...{ hairpin: false, flood: false, mcastFlood: true, bcastFlood: true },
};
const inContainer = { netns: sandbox, link: ifName('net1') };

export const sample = {
  own: { kind: 'netns', netns },
  sysctl: { kind: 'sysctl', netns, key: 'net/ipv4/ip_forward', value: '0' },
  table,
  element,
  bridge: { kind: 'bridge', netns, name: ifName('br0'), mac, mtu: 1450 },
  vxlan: { kind: 'vxlan', ...vxlanPlace, vni: toVni(4097), port: 4789, local: ip('172.30.0.11') },
  veth,
  port: { kind: 'port', netns, name: ifName('v1'), master: ifName('br0'), ...portFlags },
  address: { kind: 'address', ...inContainer, address: hostPrefix('10.0.0.2/24') },
  direct: { kind: 'route', ...inContainer, dst: prefix('10.0.1.0/24') },
  default: { kind: 'route', ...inContainer, dst: prefix('0.0.0.0/0'), via: ip('10.0.0.1') },
  neighbour: { kind: 'neighbour', netns, link: ifName('br0'), ip: ip('10.0.0.3'), mac },
  fdbSelf: { kind: 'fdb-self', netns, link: ifName('vxlan0'), mac, vtep: ip('172.30.0.12') },
  fdbMaster: { kind: 'fdb-master', netns, link: ifName('v1'), mac },
} as const satisfies { readonly [name: string]: KernelObject };

export const everything: readonly KernelObject[] = Object.values(sample);
