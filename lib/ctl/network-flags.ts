/** From the flags of `docker network create` to a Network. What only the cluster can tell is left to the API server. */
import {
  family,
  type IpAddress,
  parseIp,
  parsePrefix,
  type Prefix,
  prefixAddress,
  prefixContains,
  prefixesOverlap,
  prefixLength,
} from '../net/address.ts';
import { parseNetworkName } from '../net/network-name.ts';
import { err, ok, type Result } from '../net/result.ts';
import { parseDriverOptions } from './driver-options.ts';
import { parseLabels } from './labels.ts';

/** As the command line has them. */
export interface NetworkFlags {
  readonly name: string;
  readonly driver: string;
  readonly scope?: string | undefined;
  readonly subnet: readonly string[];
  readonly gateway: readonly string[];
  readonly ipRange: readonly string[];
  /** `name=address` */
  readonly auxAddress: readonly string[];
  readonly opt: readonly string[];
  readonly label: readonly string[];
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly ingress: boolean;
  readonly ipv6: boolean;
}

export interface SubnetBody {
  readonly cidr: Prefix;
  readonly gateway?: IpAddress;
  readonly ipRange?: Prefix;
  readonly reserved?: Readonly<Record<string, IpAddress>>;
}

/** What is sent to the API server; a field that has its default is left out. */
export interface NetworkBody {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>> & { readonly subnets?: readonly SubnetBody[] };
}

/** Docker's words for a network that all nodes share. */
export const CLUSTER_SCOPES: readonly string[] = ['cluster', 'swarm', 'global'];
export const DRIVERS: readonly string[] = ['overlay', 'warren'];

export function networkFromFlags(flags: NetworkFlags): Result<NetworkBody> {
  const refusal = refuseWords(flags);
  if (refusal !== undefined) return err(refusal);
  const name = parseNetworkName(flags.name);
  if (!name.ok) return name;
  const labels = parseLabels(flags.label);
  if (!labels.ok) return labels;
  const options = parseDriverOptions(flags.opt);
  if (!options.ok) return options;
  const subnets = subnetsOf(flags);
  if (!subnets.ok) return subnets;
  const booleans = Object.fromEntries(
    (['internal', 'attachable', 'ingress'] as const).filter((key) => flags[key]).map((key) => [key, true]),
  );
  const metadata = {
    name: name.value,
    ...(labels.value.size === 0 ? {} : { labels: Object.fromEntries(labels.value) }),
  };
  const listed = subnets.value.length === 0 ? {} : { subnets: subnets.value };
  return ok({ metadata, spec: { ...listed, ...options.value, ...booleans } });
}

function refuseWords({ driver, scope, ingress, attachable }: NetworkFlags): string | undefined {
  if (!DRIVERS.includes(driver)) return `--driver ${driver}: Warren's networks are overlays; leave the flag out`;
  if (scope !== undefined && !CLUSTER_SCOPES.includes(scope))
    return `--scope ${scope}: a Network spans the cluster; write ${CLUSTER_SCOPES.join(', ')} or leave the flag out`;
  if (ingress && attachable)
    return '--ingress and --attachable exclude each other: no container joins an ingress network';
  return undefined;
}

type Draft = { -readonly [Key in keyof SubnetBody]: SubnetBody[Key] };

function subnetsOf(flags: NetworkFlags): Result<readonly SubnetBody[]> {
  const subnets: Draft[] = [];
  for (const text of flags.subnet) {
    const cidr = parsePrefix(text);
    if (!cidr.ok) return err(`--subnet: ${cidr.error}`);
    const other = subnets.find((subnet) => prefixesOverlap(subnet.cidr, cidr.value));
    if (other) return err(`--subnet: ${cidr.value} overlaps ${other.cidr} of the same network: choose another`);
    subnets.push({ cidr: cidr.value });
  }
  if (flags.ipv6 && subnets.length > 0 && subnets.every((subnet) => family(subnet.cidr) === 4))
    return err('--ipv6: none of the subnets is an IPv6 one: add another --subnet such as fd00:10::/64');
  const problem = addGateways(subnets, flags) ?? addRanges(subnets, flags) ?? addReserved(subnets, flags);
  return problem === undefined ? ok(subnets) : err(problem);
}

/** Each of the following belongs to the subnet that it lies in, in whatever order the flags stand. */
function addGateways(subnets: readonly Draft[], flags: NetworkFlags): string | undefined {
  for (const text of flags.gateway) {
    const ip = parseIp(text);
    if (!ip.ok) return `--gateway: ${ip.error}`;
    const subnet = subnetWith(subnets, ip.value);
    if (subnet === undefined) return outside('--gateway', text, subnets);
    if (subnet.gateway !== undefined)
      return `--gateway: ${subnet.cidr} has two, ${subnet.gateway} and ${ip.value}: leave one out`;
    subnet.gateway = ip.value;
  }
  return undefined;
}

function addRanges(subnets: readonly Draft[], flags: NetworkFlags): string | undefined {
  for (const text of flags.ipRange) {
    const range = parsePrefix(text);
    if (!range.ok) return `--ip-range: ${range.error}`;
    const subnet = subnetWith(subnets, prefixAddress(range.value));
    if (subnet === undefined || prefixLength(range.value) < prefixLength(subnet.cidr))
      return outside('--ip-range', text, subnets);
    if (subnet.ipRange !== undefined)
      return `--ip-range: ${subnet.cidr} has two, ${subnet.ipRange} and ${range.value}: leave one out`;
    subnet.ipRange = range.value;
  }
  return undefined;
}

function addReserved(subnets: readonly Draft[], flags: NetworkFlags): string | undefined {
  for (const text of flags.auxAddress) {
    const [name = '', address, ...rest] = text.split('=');
    if (name === '' || address === undefined || rest.length > 0)
      return `--aux-address ${text}: write NAME=ADDRESS such as router=10.0.0.2`;
    const ip = parseIp(address);
    if (!ip.ok) return `--aux-address ${name}: ${ip.error}`;
    const subnet = subnetWith(subnets, ip.value);
    if (subnet === undefined) return outside('--aux-address', text, subnets);
    if (subnet.reserved?.[name] !== undefined) return `--aux-address: ${name} is there twice: give each its own name`;
    subnet.reserved = { ...subnet.reserved, [name]: ip.value };
  }
  return undefined;
}

const subnetWith = (subnets: readonly Draft[], ip: IpAddress): Draft | undefined =>
  subnets.find((subnet) => prefixContains(subnet.cidr, ip));

function outside(flag: string, text: string, subnets: readonly Draft[]): string {
  if (subnets.length === 0) return `${flag} ${text} needs a subnet that it lies in: add --subnet`;
  return `${flag} ${text} is in none of the subnets ${subnets.map((subnet) => subnet.cidr).join(', ')}: correct one of them`;
}
