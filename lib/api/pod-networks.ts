/**
 * The pod annotation that asks for networks, in the syntax of the multi-net-spec 1.3 (section 4.1.2): `blue,green@net5`, or a JSON list
 * of objects. The same network may be listed twice.
 */
import { type IpAddress, parseIp } from '../net/address.ts';
import { type IfName, parseIfName } from '../net/ifname.ts';
import { type Mac, parseMac } from '../net/mac.ts';
import { parseNetworkName } from '../net/network-name.ts';
import { err, ok, type Result } from '../net/result.ts';
import * as json from './json-shape.ts';
import { parseRequestedIps, type RequestedIp } from './requested-ip.ts';

export const ANNOTATION_NETWORKS = 'warren.dev/networks';

/** One interface that a pod asks for. */
export interface AttachmentRequest {
  readonly network: string;
  readonly interface: IfName;
  /** Fixed addresses, at most one per family. */
  readonly ips: readonly RequestedIp[];
  readonly mac?: Mac;
  /** More names under which the pod is found on this network, in lower case. */
  readonly aliases: readonly string[];
  /** Gateways for the pod's default route in place of eth0's; on one entry at most. */
  readonly defaultRoute?: readonly IpAddress[];
}

/** The API server's own limit on annotations. */
const TEXT_MAX = 256 * 1024;
const ATTACHMENTS_MAX = 64;
const TAKEN: readonly string[] = ['eth0', 'lo'];
const KEYS: readonly string[] = ['name', 'interface', 'ips', 'mac', 'aliases', 'default-route'];
const ALIAS = /^(?=.{1,253}$)[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?)*$/;

/** The error names the annotation, the entry, and what to write instead. */
export function parsePodNetworks(text: string): Result<readonly AttachmentRequest[]> {
  try {
    if (text.length > TEXT_MAX) json.refuse('', `longer than ${TEXT_MAX} characters`);
    const isJson = /^\s*\[/.test(text);
    const requests = isJson ? readJsonForm(text) : readCommaForm(text);
    if (requests.length > ATTACHMENTS_MAX)
      json.refuse('', `${requests.length} networks: at most ${ATTACHMENTS_MAX} are allowed`);
    checkTogether(requests);
    return ok(requests);
  } catch (error) {
    if (!(error instanceof json.ShapeError)) throw error;
    return err(`annotation ${ANNOTATION_NETWORKS}: ${error.message}`);
  }
}

function readCommaForm(text: string): readonly AttachmentRequest[] {
  if (text.trim() === '') return [];
  return text.split(',').map((item, i) => readCommaItem(item.trim(), i));
}

/** `name` or `name@interface`. */
function readCommaItem(item: string, index: number): AttachmentRequest {
  const path = `entry ${index + 1} (${json.excerpt(item)})`;
  const [name = '', ifname, ...rest] = item.split('@');
  if (name === '' || rest.length > 0) json.refuse(path, 'write NETWORK or NETWORK@INTERFACE, entries joined by ","');
  return { network: readName(name, path), interface: readIfName(ifname, path, index), ips: [], aliases: [] };
}

function readJsonForm(text: string): readonly AttachmentRequest[] {
  return json.readList(parseJson(text), '', (item) => item).map(readJsonItem);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return json.refuse(
      '',
      `starts with "[" but is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}

function readJsonItem(value: unknown, index: number): AttachmentRequest {
  const entry = json.readObject(value, `entry ${index + 1}`);
  const path = `entry ${index + 1} (${json.excerpt(json.field(entry, 'name'))})`;
  checkKeys(entry, path);
  const ifname = json.readOptional(json.field(entry, 'interface'), `${path}.interface`, json.readString);
  const ips = parseRequestedIps(json.readStrings(json.field(entry, 'ips'), `${path}.ips`));
  const mac = json.readOptional(json.field(entry, 'mac'), `${path}.mac`, readMac);
  const defaultRoute = json.readList(json.field(entry, 'default-route'), `${path}.default-route`, readIp);
  return {
    network: readName(json.readString(json.field(entry, 'name'), `${path}.name`), path),
    interface: readIfName(ifname, path, index),
    ips: ips.ok ? ips.value : json.refuse(`${path}.ips`, ips.error),
    aliases: json.readList(json.field(entry, 'aliases'), `${path}.aliases`, readAlias),
    ...(mac === undefined ? {} : { mac }),
    ...(defaultRoute.length === 0 ? {} : { defaultRoute }),
  };
}

/** A key that is not honoured is refused: a typo must not pass for a setting. */
function checkKeys(entry: json.JsonObject, path: string): void {
  if (Object.hasOwn(entry, 'namespace'))
    json.refuse(path, 'Networks belong to no namespace: remove the key "namespace"');
  const unknown = Object.keys(entry).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) json.refuse(path, `unknown key ${json.excerpt(unknown)}: known are ${KEYS.join(', ')}`);
}

function readName(text: string, path: string): string {
  const bare = text.slice(text.lastIndexOf('/') + 1);
  if (bare !== text) json.refuse(path, `Networks belong to no namespace: write ${json.excerpt(bare)}`);
  const name = parseNetworkName(text);
  return name.ok ? name.value : json.refuse(path, name.error);
}

/** `net1` for the first entry, as Multus names them. */
function readIfName(text: string | undefined, path: string, index: number): IfName {
  const name = parseIfName(text ?? `net${index + 1}`);
  if (!name.ok) return json.refuse(path, name.error);
  if (TAKEN.includes(name.value))
    json.refuse(path, `the interface name "${name.value}" is taken in every pod: choose another`);
  return name.value;
}

function readMac(value: unknown, path: string): Mac {
  const mac = parseMac(json.readString(value, path));
  return mac.ok ? mac.value : json.refuse(path, mac.error);
}

function readIp(value: unknown, path: string): IpAddress {
  const ip = parseIp(json.readString(value, path));
  return ip.ok ? ip.value : json.refuse(path, ip.error);
}

function readAlias(value: unknown, path: string): string {
  const alias = json.readString(value, path).toLowerCase();
  return ALIAS.test(alias)
    ? alias
    : json.refuse(path, `${json.excerpt(alias)} is no DNS name: letters, digits, "-", "_" and "."`);
}

/** What no entry can see alone. */
function checkTogether(requests: readonly AttachmentRequest[]): void {
  const first = new Map<string, number>();
  requests.forEach((request, i) => {
    const other = first.get(request.interface);
    const both = `entries ${(other ?? 0) + 1} and ${i + 1}`;
    if (other !== undefined)
      json.refuse(both, `both name the interface "${request.interface}": give one of them another name`);
    first.set(request.interface, i);
  });
  const routes = requests.filter((request) => request.defaultRoute !== undefined);
  if (routes.length > 1) json.refuse('', `${routes.length} entries have a default-route: one at most may`);
}
