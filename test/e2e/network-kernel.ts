// What a network's namespace on a node holds for its endpoints, in the words of `ip neigh` and `bridge fdb`.
import { z } from 'zod';
import type { Container } from '../../lib/lab/container.ts';
import { findNode, type Lab } from '../../lib/lab/lab.ts';
import { links, networkPlace, rows } from './traffic.ts';

const neighbourSchema = z.object({
  dev: z.string(),
  dst: z.string(),
  lladdr: z.string().default('-'),
  state: z.array(z.string()),
});
const fdbSchema = z.object({
  mac: z.string(),
  ifname: z.string(),
  dst: z.string().optional(),
  flags: z.array(z.string()),
  state: z.string().default(''),
  master: z.string().optional(),
});

/** All neighbours, and every entry of the FDB that is neither a device's own address nor multicast. Sorted. */
export async function peerEntries(lab: Lab, node: string, vni: number): Promise<readonly string[]> {
  const place = networkPlace(lab, node, vni);
  const neighbours = await rows(lab, place, ['ip', '-j', 'neigh', 'show'], neighbourSchema);
  const fdb = await rows(lab, place, ['bridge', '-j', 'fdb', 'show'], fdbSchema);
  const own = new Set((await links(lab, place)).map(({ address }) => address));
  const isMulticast = (mac: string): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
  return [
    ...neighbours.map(({ dev, dst, lladdr, state }) => `neigh ${dst} lladdr ${lladdr} dev ${dev} ${state.join(' ')}`),
    ...fdb.filter(({ mac }) => !own.has(mac) && !isMulticast(mac)).map(fdbText),
  ].toSorted();
}

/** The name of a veth is left out: it follows from the container's id. */
function fdbText({ mac, ifname, dst, flags, state, master }: z.infer<typeof fdbSchema>): string {
  const device = ifname.startsWith('warren') ? 'veth' : ifname;
  const words = ['fdb', mac, 'dev', device, dst && `dst ${dst}`, ...flags, state, master && 'master'];
  return words.filter((word) => word !== undefined && word !== '').join(' ');
}

/** `02:42` and the four bytes of the address. */
export const macOf = (ip: string): string =>
  ['02', '42', ...ip.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'))].join(':');

/** The entries of an endpoint on another node. */
export const remoteEntries = (ip: string, vtep: string): readonly string[] => [
  `neigh ${ip} lladdr ${macOf(ip)} dev br0 PERMANENT`,
  `fdb ${macOf(ip)} dev vxlan0 dst ${vtep} self permanent`,
  `fdb ${macOf(ip)} dev vxlan0 static master`,
];
/** The entry of an endpoint on this node. */
export const localEntries = (ip: string): readonly string[] => [`fdb ${macOf(ip)} dev veth static master`];

/** Where a node is reached by the others' tunnels. */
export const vtepOf = (lab: Lab, node: string): string => findNode(lab, node).addresses[0]?.replace(/\/.*/, '') ?? '';

/** What `peerEntries` says on a node that knows these containers' interfaces on a network, and no others. */
export function wantedEntries(
  lab: Lab,
  node: string,
  network: string,
  containers: readonly Container[],
): readonly string[] {
  const entriesOf = ({ record, interfaces }: Container): readonly string[] =>
    interfaces
      .filter((one) => one.network === network)
      .map(({ addresses }) => addresses[0]?.replace(/\/.*/, '') ?? '')
      .flatMap((ip) => (record.node === node ? localEntries(ip) : remoteEntries(ip, vtepOf(lab, record.node))));
  return containers.flatMap(entriesOf).toSorted();
}
