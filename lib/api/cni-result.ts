/** Results of ADD (SPEC section 5, "Success"): read from any version, held in the shape of 1.1.0, written in the version asked for. */
import {
  family,
  type HostPrefix,
  type IpAddress,
  parseHostPrefix,
  parseIp,
  parsePrefix,
  type Prefix,
} from '../net/address.ts';
import { CNI_CODE, CniError, type CniVersion, isAtLeast } from './cni.ts';
import * as json from './json-shape.ts';

export interface CniInterface {
  readonly name: string;
  readonly mac?: string;
  /** Bytes. From 1.1.0. */
  readonly mtu?: number;
  /** Path of the network namespace; absent for an interface of the host. */
  readonly sandbox?: string;
  /** From 1.1.0. */
  readonly socketPath?: string;
  /** From 1.1.0. */
  readonly pciID?: string;
}

export interface CniIp {
  readonly address: HostPrefix;
  readonly gateway?: IpAddress;
  /** Index into `interfaces`. */
  readonly interface?: number;
}

export interface CniRoute {
  readonly dst: Prefix;
  readonly gw?: IpAddress;
  /** From 1.1.0, as are the others. */
  readonly mtu?: number;
  readonly advmss?: number;
  readonly priority?: number;
  readonly table?: number;
  readonly scope?: number;
}

export interface CniDns {
  readonly nameservers?: readonly string[];
  readonly domain?: string;
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

export interface CniResult {
  readonly interfaces: readonly CniInterface[];
  readonly ips: readonly CniIp[];
  readonly routes: readonly CniRoute[];
  readonly dns: CniDns;
}

export const EMPTY_RESULT: CniResult = { interfaces: [], ips: [], routes: [], dns: {} };

/** An interface that ADD made, for `attachedResult`. */
export interface Attached {
  readonly ifname: string;
  readonly mac: string;
  readonly mtu: number;
  readonly addresses: readonly { readonly address: HostPrefix; readonly gateway?: IpAddress }[];
  readonly routes: readonly CniRoute[];
}

/**
 * The result of an ADD in `sandbox`. Only the primary interface's addresses are in `ips`: CRI-O takes every address there for one of
 * the pod. The others are listed as interfaces, and reported in the network-status annotation.
 */
export function attachedResult(sandbox: string, primary: Attached, others: readonly Attached[] = []): CniResult {
  return {
    interfaces: [primary, ...others].map(({ ifname, mac, mtu }) => ({ name: ifname, mac, mtu, sandbox })),
    ips: primary.addresses.map((one) => ({ ...one, interface: 0 })),
    routes: primary.routes,
    dns: {},
  };
}

/** What a chained plugin answers: the earlier result with ours appended (SPEC section 4, "prevResult"). */
export function mergeResult(prev: CniResult, ours: CniResult): CniResult {
  const shift = prev.interfaces.length;
  const shifted = ours.ips.map((ip) => (ip.interface === undefined ? ip : { ...ip, interface: ip.interface + shift }));
  return {
    interfaces: [...prev.interfaces, ...ours.interfaces],
    ips: [...prev.ips, ...shifted],
    routes: [...prev.routes, ...ours.routes],
    dns: { ...prev.dns, ...ours.dns },
  };
}

/** One line of JSON, with the keys that `version` has. */
export function formatResult(result: CniResult, version: CniVersion): string {
  const { interfaces, ips, routes, dns } = result;
  return JSON.stringify({
    cniVersion: version,
    interfaces: interfaces.map((one) => formatInterface(one, version)),
    ips: ips.map((ip) => formatIp(ip, version)),
    ...(routes.length === 0 ? {} : { routes: routes.map((route) => formatRoute(route, version)) }),
    ...(Object.keys(dns).length === 0 ? {} : { dns }),
  });
}

function formatInterface(one: CniInterface, version: CniVersion): CniInterface {
  if (isAtLeast(version, '1.1.0')) return one;
  const { mtu: _mtu, socketPath: _socketPath, pciID: _pciID, ...old } = one;
  return old;
}

/** Before 1.0.0 each address says its family. */
const formatIp = (ip: CniIp, version: CniVersion): object =>
  isAtLeast(version, '1.0.0') ? ip : { version: String(family(ip.address)), ...ip };

function formatRoute(route: CniRoute, version: CniVersion): CniRoute {
  if (isAtLeast(version, '1.1.0')) return route;
  return { dst: route.dst, ...(route.gw === undefined ? {} : { gw: route.gw }) };
}

/** Reads a prevResult of any version; throws CniError 7 that names the key. */
export function parseResult(value: unknown): CniResult {
  try {
    const result = json.readObject(value, 'prevResult');
    const interfaces = json.readList(json.field(result, 'interfaces'), 'prevResult.interfaces', readInterface);
    return {
      interfaces,
      ips: json.readList(json.field(result, 'ips'), 'prevResult.ips', (ip, path) =>
        readIp(ip, path, interfaces.length),
      ),
      routes: json.readList(json.field(result, 'routes'), 'prevResult.routes', readRoute),
      dns: readDns(json.field(result, 'dns')),
    };
  } catch (error) {
    if (!(error instanceof json.ShapeError)) throw error;
    throw new CniError(CNI_CODE.invalidConfig, `network configuration: ${error.message}`);
  }
}

function readInterface(value: unknown, path: string): CniInterface {
  const one = json.readObject(value, path);
  const mtu = json.readOptional(json.field(one, 'mtu'), `${path}.mtu`, readUint32);
  return {
    name: json.readString(json.field(one, 'name'), `${path}.name`),
    ...texts(one, path, ['mac', 'sandbox', 'socketPath', 'pciID']),
    ...(mtu === undefined ? {} : { mtu }),
  };
}

function readIp(value: unknown, path: string, interfaces: number): CniIp {
  const one = json.readObject(value, path);
  const address = parseHostPrefix(json.readString(json.field(one, 'address'), `${path}.address`));
  if (!address.ok) return json.refuse(`${path}.address`, address.error);
  const gateway = json.readOptional(json.field(one, 'gateway'), `${path}.gateway`, readIpAddress);
  const index = json.readOptional(json.field(one, 'interface'), `${path}.interface`, (at, where) =>
    json.readInteger(at, where, 0, interfaces - 1),
  );
  return {
    address: address.value,
    ...(gateway === undefined ? {} : { gateway }),
    ...(index === undefined ? {} : { interface: index }),
  };
}

function readRoute(value: unknown, path: string): CniRoute {
  const one = json.readObject(value, path);
  const dst = parsePrefix(json.readString(json.field(one, 'dst'), `${path}.dst`));
  if (!dst.ok) return json.refuse(`${path}.dst`, dst.error);
  const gw = json.readOptional(json.field(one, 'gw'), `${path}.gw`, readIpAddress);
  return {
    dst: dst.value,
    ...(gw === undefined ? {} : { gw }),
    ...numbers(one, path, ['mtu', 'advmss', 'priority', 'table', 'scope']),
  };
}

function readDns(value: unknown): CniDns {
  const dns = json.readOptional(value, 'prevResult.dns', json.readObject) ?? {};
  const lists = (['nameservers', 'search', 'options'] as const)
    .map((key) => [key, json.readStrings(json.field(dns, key), `prevResult.dns.${key}`)] as const)
    .filter(([, list]) => list.length > 0);
  return { ...Object.fromEntries(lists), ...texts(dns, 'prevResult.dns', ['domain']) };
}

function readIpAddress(value: unknown, path: string): IpAddress {
  const ip = parseIp(json.readString(value, path));
  return ip.ok ? ip.value : json.refuse(path, ip.error);
}

const readUint32 = (value: unknown, path: string): number => json.readInteger(value, path, 0, 0xffff_ffff);

/** Those of the keys that are there; an empty string is Go's way to leave one out. */
function texts<K extends string>(
  from: json.JsonObject,
  path: string,
  keys: readonly K[],
): { readonly [key in K]?: string } {
  const found: { [key in K]?: string } = {};
  for (const key of keys) {
    const text = json.readOptional(json.field(from, key), `${path}.${key}`, json.readString);
    if (text !== undefined && text !== '') found[key] = text;
  }
  return found;
}

function numbers<K extends string>(
  from: json.JsonObject,
  path: string,
  keys: readonly K[],
): { readonly [key in K]?: number } {
  const found: { [key in K]?: number } = {};
  for (const key of keys) {
    const number = json.readOptional(json.field(from, key), `${path}.${key}`, readUint32);
    if (number !== undefined) found[key] = number;
  }
  return found;
}
