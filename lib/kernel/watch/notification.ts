/** What a notification of rtnetlink says, and whether it is about something of ours: pure. */
import { RTM_DELADDR, RTM_NEWADDR, RT_SCOPE_UNIVERSE, decodeAddress } from '../netlink/address.ts';
import { AF_BRIDGE, AF_INET, AF_INET6 } from '../netlink/family.ts';
import { type LinkMessage, RTM_DELLINK, RTM_NEWLINK, decodeLink } from '../netlink/link.ts';
import type { Message } from '../netlink/message.ts';
import { NUD_NOARP, NUD_PERMANENT, RTM_DELNEIGH, RTM_NEWNEIGH, decodeNeighbour } from '../netlink/neighbour.ts';
import { RTM_DELNSID, decodeNsid } from '../netlink/nsid.ts';
import { RTM_DELROUTE, RTM_NEWROUTE, decodeRoute } from '../netlink/route.ts';
import { ROUTE_PROTOCOL } from '../../dataplane/owner.ts';
import { type NetnsRole, isOurLink } from '../ownership.ts';

export type Notification =
  | { readonly kind: 'link'; readonly isGone: boolean; readonly link: LinkMessage }
  /** `isGlobal`: no link-local one, which the kernel makes and checks for seconds. */
  | { readonly kind: 'address'; readonly index: number; readonly isGlobal: boolean }
  | { readonly kind: 'route'; readonly protocol: number }
  /** `isSettled`: an entry that is not learned, or may have been so until it went. */
  | { readonly kind: 'neighbour'; readonly index: number; readonly isSettled: boolean }
  | { readonly kind: 'netns-gone'; readonly nsid: number };

/** In the bridge family a link that "goes" only leaves its bridge. */
function linkNotification({ type, payload }: Message): Notification {
  const link = decodeLink(payload);
  return { kind: 'link', isGone: type === RTM_DELLINK && payload.readUInt8(0) !== AF_BRIDGE, link };
}

function addressNotification({ payload }: Message): Notification {
  const { index, scope } = decodeAddress(payload);
  return { kind: 'address', index, isGlobal: scope === RT_SCOPE_UNIVERSE };
}

/** The kernel gives an FDB entry that goes its state; a neighbour that goes has lost it. */
function neighbourNotification({ type, payload }: Message): Notification | undefined {
  const { family, index, state } = decodeNeighbour(payload);
  if (family !== AF_BRIDGE && family !== AF_INET && family !== AF_INET6) return undefined;
  const isStatic = (state & (NUD_PERMANENT | NUD_NOARP)) !== 0;
  return { kind: 'neighbour', index, isSettled: isStatic || (type === RTM_DELNEIGH && family !== AF_BRIDGE) };
}

/** Undefined for what says nothing to us. Throws NetlinkDecodeError. */
export function decodeNotification(message: Message): Notification | undefined {
  switch (message.type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return linkNotification(message);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return addressNotification(message);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return { kind: 'route', protocol: decodeRoute(message.payload).protocol };
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      return neighbourNotification(message);
    case RTM_DELNSID:
      return { kind: 'netns-gone', nsid: decodeNsid(message.payload) };
    default:
      return undefined;
  }
}

/**
 * Whether it may change what `observe` finds. In the host's namespace only our links count, whose indexes are `ours`: others
 * learn neighbours all the time. So do containers, where a neighbour that goes says nothing.
 */
export function isRelevant(notification: Notification, role: NetnsRole, ours: ReadonlySet<number>): boolean {
  switch (notification.kind) {
    case 'link':
      return role !== 'host' || ours.has(notification.link.index) || isOurLink(role, notification.link);
    case 'address':
      return notification.isGlobal && (role !== 'host' || ours.has(notification.index));
    case 'route':
      return notification.protocol === ROUTE_PROTOCOL;
    case 'neighbour':
      return notification.isSettled && (role === 'network' || (role === 'host' && ours.has(notification.index)));
    case 'netns-gone':
      return false;
  }
}
