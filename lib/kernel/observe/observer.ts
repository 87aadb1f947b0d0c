/** Observes namespaces: rtnetlink, the sysctls that we watch over, nftables. */
import type { KernelObject, NetnsRef, Sysctl } from '../../dataplane/object.ts';
import { RouteSocket } from '../netlink/socket.ts';
import { NoNetnsError, withNetns } from '../netns/enter.ts';
import type { NftDriver } from '../nft/contract.ts';
import { type NetnsDir, type NetnsRole, isOurLink, roleOf } from '../ownership.ts';
import type { SysctlKeys } from '../sysctl/keys.ts';
import { readSysctl } from '../sysctl/sysctl.ts';
import { dumpLinks, dumpNetns } from './dump.ts';
import { objectsOf } from './objects.ts';
import { findPeers } from './peers.ts';

export interface ObserverOptions {
  readonly netnsDir: NetnsDir;
  readonly nft: NftDriver;
  readonly sysctls: SysctlKeys;
  /** Told of each namespace before it is looked at. */
  readonly opened: (netns: NetnsRef, identity: string) => Promise<void>;
  /** Namespaces in which peers of our veths may be, those first that callers have named. */
  readonly candidates: () => readonly NetnsRef[];
}

async function links(netns: NetnsRef, role: NetnsRole, options: ObserverOptions): Promise<KernelObject[]> {
  using socket = withNetns(netns, () => new RouteSocket());
  await options.opened(netns, socket.netns);
  const all = await dumpLinks(socket);
  const ours = all.filter((link) => isOurLink(role, link));
  if (role === 'container' && ours.length === 0) return [];
  const dump = await dumpNetns(socket, all);
  const peers = role === 'container' ? new Map() : await findPeers(socket, netns, ours, options.candidates());
  return objectsOf({ netns, role, dump, peers });
}

function sysctls(netns: NetnsRef, keys: readonly string[]): Sysctl[] {
  if (keys.length === 0) return [];
  const values = withNetns(netns, () => keys.map((key) => [key, readSysctl(key)] as const));
  return values.flatMap(([key, value]) => (value === undefined ? [] : [{ kind: 'sysctl', netns, key, value }]));
}

/** Everything of ours in a namespace; nothing when there is none. Containers have no nftables of ours. */
export async function observe(netns: NetnsRef, options: ObserverOptions): Promise<readonly KernelObject[]> {
  const role = roleOf(netns, options.netnsDir);
  try {
    const found = await links(netns, role, options);
    const set = sysctls(netns, options.sysctls.of(netns));
    const run = <T>(inNetns: () => T): T => withNetns(netns, inNetns);
    const nft = role === 'container' ? [] : await options.nft.observe(netns, run);
    return [...found, ...set, ...nft];
  } catch (error) {
    if (error instanceof NoNetnsError) return [];
    throw error;
  }
}
