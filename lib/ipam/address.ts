/**
 * Which addresses an endpoint gets: next-fit, so that a freed one is not given again at once. On a network of both families the
 * IPv6 address has the host part of the IPv4 one, so one claim holds both (docs/adr/0002-one-claim-per-endpoint.md).
 */
import type { AllocatedSubnet } from '../api/network.ts';
import { family, type HostPrefix, type IpAddress } from '../net/address.ts';
import { err, ok, type Result } from '../net/result.ts';
import type { IpamError } from './error.ts';
import { addressAt, isAssignable, makeSpace, offsetOf, type Space, spaceCapacity, withLength } from './subnet.ts';

export interface AddressRequest {
  /** For the error. */
  readonly network: string;
  readonly subnets: readonly AllocatedSubnet[];
  readonly inUse: ReadonlySet<IpAddress>;
  /** Asked for: at most one of each family. Empty: any. */
  readonly wanted: readonly IpAddress[];
  /** The address given last, after which the search begins. */
  readonly cursor?: IpAddress;
  /** Where to begin instead, as a fraction from 0 up to 1: random, after another node was quicker, so that nodes spread. */
  readonly jump?: number;
}

/** The network's subnets: `primary` ones carry the claim, in `paired` each IPv4 address has its IPv6 one. */
interface Plan {
  readonly primary: readonly Space[];
  readonly paired: readonly Space[];
}
/** The addresses of one endpoint, the claim first. */
type Addresses = readonly { readonly space: Space; readonly offset: number; readonly ip: IpAddress }[];

/** One address of each family that the network has, the claim first. */
export function chooseAddresses(request: AddressRequest): Result<readonly HostPrefix[], IpamError> {
  const layout = arrange(request.subnets);
  const found = request.wanted.length > 0 ? asWanted(request, layout) : nextFree(request, layout);
  return found.ok ? ok(found.value.map(({ space, ip }) => withLength(space, ip))) : found;
}

/** How many endpoints a network can hold. */
export const networkCapacity = (subnets: readonly AllocatedSubnet[]): number =>
  arrange(subnets).primary.reduce((sum, space) => sum + spaceCapacity(space), 0);

function arrange(subnets: readonly AllocatedSubnet[]): Plan {
  const spaces = subnets.map(makeSpace);
  const four = spaces.filter((space) => space.family === 4);
  const six = spaces.filter((space) => space.family === 6);
  return four.length > 0 ? { primary: four, paired: six } : { primary: six, paired: [] };
}

function nextFree(request: AddressRequest, layout: Plan): Result<Addresses, IpamError> {
  const spans = layout.primary.filter((space) => space.last >= space.first);
  const total = spans.reduce((sum, space) => sum + spanSize(space), 0);
  const start = request.jump === undefined ? afterCursor(spans, request.cursor) : Math.floor(request.jump * total);
  for (let step = 0; step < total; step++) {
    const addresses = candidate(spans, (start + step) % total, layout);
    if (addresses?.every((address) => isFree(address, request.inUse))) return ok(addresses);
  }
  const names = request.subnets.map((subnet) => subnet.ipRange ?? subnet.cidr).join(', ') || 'no subnet';
  const hint = 'remove endpoints or add a subnet to the Network';
  return fail('exhausted', `network "${request.network}" has no free address left in ${names}: ${hint}`);
}

const spanSize = (space: Space): number => space.last - space.first + 1;

function afterCursor(spans: readonly Space[], cursor: IpAddress | undefined): number {
  let before = 0;
  for (const space of spans) {
    const offset = cursor === undefined ? undefined : offsetOf(space, cursor);
    if (offset !== undefined) return before + Math.min(Math.max(offset - space.first + 1, 0), spanSize(space));
    before += spanSize(space);
  }
  return 0;
}

function candidate(spans: readonly Space[], index: number, layout: Plan): Addresses | undefined {
  let rest = index;
  for (const space of spans) {
    if (rest < spanSize(space)) return withPair(space, space.first + rest, layout);
    rest -= spanSize(space);
  }
  return undefined;
}

const isFree = ({ space, offset, ip }: Addresses[number], inUse: ReadonlySet<IpAddress>): boolean =>
  !inUse.has(ip) && isAssignable(space, offset, ip);

/** The address and, where the network has IPv6 besides, its partner; nothing when the IPv6 subnets have no room for one. */
function withPair(space: Space, offset: number, { primary, paired }: Plan): Addresses | undefined {
  const own = { space, offset, ip: addressAt(space, offset) };
  if (paired.length === 0) return [own];
  let position = offset;
  for (const other of primary.slice(0, primary.indexOf(space))) position += other.size;
  const partner = locate(paired, position);
  return partner && [own, partner];
}

/** The offset-th address of several subnets laid end to end. */
function locate(spaces: readonly Space[], position: number): Addresses[number] | undefined {
  let offset = position;
  for (const space of spaces) {
    if (offset < space.size) return { space, offset, ip: addressAt(space, offset) };
    offset -= space.size;
  }
  return undefined;
}

function asWanted(request: AddressRequest, layout: Plan): Result<Addresses, IpamError> {
  const [first] = request.wanted;
  const claim = request.wanted.find((ip) => family(ip) === layout.primary[0]?.family) ?? first;
  if (claim === undefined) return nextFree(request, layout);
  const found = pairOf(claim, layout);
  if (!found) return fail('outside', outside(claim, request));
  const stray = request.wanted.find((ip) => !found.some((address) => address.ip === ip));
  if (stray !== undefined) return fail('unpaired', unpaired(stray, found, request));
  return checkWanted(found, request);
}

/** The addresses that belong together with `ip`, which may be of either family. */
function pairOf(ip: IpAddress, layout: Plan): Addresses | undefined {
  let before = 0;
  for (const space of family(ip) === layout.primary[0]?.family ? layout.primary : layout.paired) {
    const offset = offsetOf(space, ip);
    if (offset === undefined) {
      before += space.size;
      continue;
    }
    const partner = layout.primary.includes(space) ? { space, offset } : locate(layout.primary, before + offset);
    return partner && withPair(partner.space, partner.offset, layout);
  }
  return undefined;
}

function checkWanted(addresses: Addresses, { network, inUse }: AddressRequest): Result<Addresses, IpamError> {
  for (const { space, offset, ip } of addresses) {
    if (!isAssignable(space, offset, ip)) {
      const why = 'it is the gateway, reserved, or the first or last of its subnet';
      return fail('reserved', `${ip} cannot be an endpoint's address on network "${network}": ${why}`);
    }
    if (inUse.has(ip)) return fail('in-use', `${ip} is in use on network "${network}": choose another address`);
  }
  return ok(addresses);
}

function outside(ip: IpAddress, { network, subnets }: AddressRequest): string {
  return `${ip} is in no subnet of network "${network}": its subnets are ${subnets.map((subnet) => subnet.cidr).join(', ')}`;
}

function unpaired(ip: IpAddress, [claim, partner]: Addresses, { network }: AddressRequest): string {
  const rule = partner
    ? `there ${claim?.ip} goes with ${partner.ip}`
    : `an interface has one address there, ${claim?.ip}`;
  return `${ip} cannot be asked for besides on network "${network}": ${rule}`;
}

const fail = (code: IpamError['code'], message: string): Result<never, IpamError> => err({ code, message });
