/** The underlay: the host's link that carries the node's own address, on which VXLAN rides and whose MTU bounds it. */
import type { IpAddress } from '../net/address.ts';
import { prefixAddress } from '../net/address.ts';
import type { IfName } from '../net/ifname.ts';
import { parseIfName } from '../net/ifname.ts';
import { RTM_GETLINK, decodeLink, encodeLinkQuery } from './netlink/link.ts';
import { RouteSocket } from './netlink/socket.ts';
import { dumpAddresses } from './observe/dump.ts';

export interface Underlay {
  readonly name: IfName;
  readonly index: number;
  readonly mtu: number;
}

/** The link of the host's namespace that holds `ip`; undefined when none does. Rejects with KernelError. */
export async function findUnderlay(ip: IpAddress): Promise<Underlay | undefined> {
  using socket = new RouteSocket();
  const holder = (await dumpAddresses(socket)).find(({ address }) => prefixAddress(address) === ip);
  if (!holder) return undefined;
  const query = { type: RTM_GETLINK, flags: 0, payload: encodeLinkQuery({ index: holder.index }) };
  const [answer] = await socket.request([query]);
  const payload = answer?.payloads[0];
  if (!payload) return undefined;
  const { index, name = '', mtu = 0 } = decodeLink(payload);
  const parsed = parseIfName(name);
  return parsed.ok ? { name: parsed.value, index, mtu } : undefined;
}
