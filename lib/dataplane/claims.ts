/**
 * Which endpoint has an address or a MAC when several claim it. A claim is never refused for good: when the winner is gone,
 * the next computation lets another have it.
 */
import { type HostPrefix, type IpAddress, prefixAddress } from '../net/address.ts';
import type { Mac } from '../net/mac.ts';
import type { LocalEndpoint } from './endpoint.ts';

export interface Claimant {
  readonly mac: Mac;
  readonly addresses: readonly HostPrefix[];
}
export interface Taken {
  readonly macs: ReadonlySet<Mac>;
  readonly ips: ReadonlySet<IpAddress>;
}

/**
 * The claimants in the order of `name`, which has to be the same everywhere, each with the addresses that it gets. One whose MAC is taken,
 * or that gets no address, is left out.
 */
export function settle<T extends Claimant>(claimants: readonly T[], name: (one: T) => string, taken: Taken): T[] {
  const macs = new Set(taken.macs);
  const ips = new Set(taken.ips);
  const inOrder = claimants.toSorted((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0));
  return inOrder.flatMap((one) => {
    const addresses = one.addresses.filter((address) => !ips.has(prefixAddress(address)));
    if (macs.has(one.mac) || addresses.length === 0) return [];
    macs.add(one.mac);
    for (const address of addresses) ips.add(prefixAddress(address));
    return [{ ...one, addresses }];
  });
}

/** The endpoints of this node on one bridge. */
export const settleLocal = (endpoints: readonly LocalEndpoint[], taken: Taken): LocalEndpoint[] =>
  settle(endpoints, (local) => `${local.containerID} ${local.ifname}`, taken);

/** What is taken after all that was taken `before`. */
export const takenBy = (claimants: readonly Claimant[], before: Taken): Taken => ({
  macs: new Set([...before.macs, ...claimants.map((one) => one.mac)]),
  ips: new Set([...before.ips, ...claimants.flatMap((one) => one.addresses.map(prefixAddress))]),
});
