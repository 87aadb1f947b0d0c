/** How a restarted agent knows what is ours in a kernel; the names and marks themselves are in dataplane/owner.ts. */
import type { NetnsRef } from '../dataplane/object.ts';
import { DEVICE_PREFIX, netnsVni } from '../dataplane/owner.ts';
import type { LinkMessage } from './netlink/link.ts';

/** Both ends of a veth of ours have an alias that begins so. */
const ALIAS_PREFIX = 'warren:';
/** A link in this group is being deleted. */
export const CONDEMNED_GROUP = 0x77726e78;
const LOOPBACK = 1;

/** Where namespaces have their names: `/run/netns`. */
export type NetnsDir = Exclude<NetnsRef, 'host'>;

/** `host`: a few things among others. `network`: all of it is ours. `container`: links of ours in a namespace of others. */
export type NetnsRole = 'host' | 'network' | 'container';

export function roleOf(netns: NetnsRef, netnsDir: NetnsDir): NetnsRole {
  if (netns === 'host') return 'host';
  const isInDir = netns.lastIndexOf('/') === netnsDir.length && netns.startsWith(netnsDir);
  return isInDir && netnsVni(netns) !== undefined ? 'network' : 'container';
}

/** In a container these are the far ends of veths; the veth itself belongs to the namespace of its bridge. */
export function isOurLink(role: NetnsRole, { index, name, alias, group }: LinkMessage): boolean {
  if (index === LOOPBACK || group === CONDEMNED_GROUP) return false;
  if (role === 'network' || alias?.startsWith(ALIAS_PREFIX)) return true;
  return role === 'host' && (name?.startsWith(DEVICE_PREFIX) ?? false);
}
