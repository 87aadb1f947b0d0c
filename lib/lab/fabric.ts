/**
 * The network between the nodes: a namespace with one bridge, to which each node's eth0 is plugged. Its bridge is the nodes'
 * default router, and behind it lie the addresses that stand for the outside world. Built with `ip`, not with Warren's own
 * netlink driver: the lab must not depend on what it tests.
 */
import { family, type HostPrefix } from '../net/address.ts';
import { commandOutput } from './command.ts';
import type { LabLayout } from './layout.ts';
import { inside, makeNamespaces } from './namespaces.ts';
import {
  FABRIC_V4,
  FABRIC_V6,
  fabricAddresses,
  type LabNode,
  type LabOptions,
  OUTSIDE_V4,
  OUTSIDE_V6,
} from './topology.ts';

const BRIDGE = 'br0';

/** Carries out lines of `ip` in a network namespace, in one process. */
export const ipBatch = (netns: string, lines: readonly string[]): Promise<string> =>
  commandOutput(inside({ net: netns }, ['ip', '-batch', '-']), { input: `${lines.join('\n')}\n` });

/** Without duplicate address detection an IPv6 address works at once. */
const addAddress = (address: HostPrefix, link: string): string =>
  `addr add ${address} dev ${link}${family(address) === 6 ? ' nodad' : ''}`;

export async function makeFabric(layout: LabLayout, options: LabOptions): Promise<void> {
  await makeNamespaces({ net: layout.fabric });
  await ipBatch(layout.fabric, [
    // No snooping: it would send queries of its own into what tests capture.
    `link add ${BRIDGE} mtu ${options.underlayMtu} type bridge mcast_snooping 0`,
    `link set ${BRIDGE} up`,
    ...fabricAddresses(options.underlayFamily).map((address) => addAddress(address, BRIDGE)),
    `addr add ${OUTSIDE_V4}/32 dev lo`,
    `addr add ${OUTSIDE_V6}/128 dev lo`,
  ]);
}

/** `ip link add p-n1 … type veth peer name eth0 netns n1`, with the node's addresses and default routes. */
export async function plugNode(layout: LabLayout, options: LabOptions, node: LabNode): Promise<void> {
  const { net } = layout.node(node.name);
  const mtu = options.underlayMtu;
  await ipBatch(layout.fabric, [
    `link add p-${node.name} mtu ${mtu} type veth peer name eth0 mtu ${mtu} netns ${net}`,
    `link set p-${node.name} master ${BRIDGE} up`,
  ]);
  await ipBatch(net, [
    ...node.addresses.map((address) => addAddress(address, 'eth0')),
    'link set eth0 up',
    `route add default via ${FABRIC_V4}`,
    ...(options.underlayFamily === 6 ? [`route add default via ${FABRIC_V6}`] : []),
  ]);
}
