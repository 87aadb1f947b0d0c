/**
 * The network configuration that a runtime writes to the plugin's stdin (SPEC section 2, "Execution configuration"), as far as the plugin
 * itself needs it. cni-netconf.ts reads the rest, for the agent: address arithmetic costs the plugin half a millisecond at start.
 */
import { parseIfName } from '../net/ifname.ts';
import { parseNetworkName } from '../net/network-name.ts';
import type { Result } from '../net/result.ts';
import { CNI_CODE, type CniCommand, CniError, type CniVersion, checkCommandVersion, parseCniVersion } from './cni.ts';
import { type AttachmentId, isCniName, parseContainerID } from './cni-env.ts';
import * as json from './json-shape.ts';

export interface PluginConf {
  readonly cniVersion: CniVersion;
  readonly name: string;
  /** The Network to attach to, when Multus or a person calls us for one attachment; absent: eth0 of a pod. */
  readonly network?: string;
  /** What GC is to keep. Absent: the key was absent, and GC does nothing. */
  readonly validAttachments?: readonly AttachmentId[];
  /** Where the plugin finds the agent, when that is not the default path; tests use them. */
  readonly agentSocket?: string;
  readonly queueDir?: string;
}

/** SPEC section "GC", and the name that libcni sends beside it. */
const VALID_ATTACHMENTS = ['cni.dev/valid-attachments', 'cni.dev/attachments'];

/** unix(7), with the closing NUL. */
const SUN_PATH_BYTES = 108;

/** One JSON object; throws CniError 6. */
export function decodeConfig(stdin: Uint8Array): json.JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(stdin));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CniError(CNI_CODE.undecodable, 'the network configuration on stdin is not valid JSON', reason);
  }
  if (json.isObject(value)) return value;
  const found = json.excerpt(value);
  throw new CniError(CNI_CODE.undecodable, `the network configuration on stdin must be a JSON object, not ${found}`);
}

/** The cniVersion to echo in an error, whatever else is wrong with the configuration. */
export function echoedVersion(config: json.JsonObject): string | undefined {
  const version = json.field(config, 'cniVersion');
  return typeof version === 'string' ? version : undefined;
}

/** Throws CniError 1, 2 or 7; the message names the key. */
export function parsePluginConf(config: json.JsonObject, command: CniCommand): PluginConf {
  const cniVersion = asConfigError(() => readCniVersion(config, command));
  const conf = asConfigError(() => readPluginConf(config, cniVersion));
  if (command === 'ADD' || command === 'CHECK') refuseIpam(config);
  return conf;
}

function readCniVersion(config: json.JsonObject, command: CniCommand): CniVersion {
  const text = json.readOptional(json.field(config, 'cniVersion'), 'cniVersion', json.readString);
  const version = parseCniVersion(text);
  checkCommandVersion(command, version);
  return version;
}

function readPluginConf(config: json.JsonObject, cniVersion: CniVersion): PluginConf {
  const network = json.readOptional(json.field(config, 'network'), 'network', readNetworkName);
  const agentSocket = json.readOptional(json.field(config, 'agentSocket'), 'agentSocket', readSocketPath);
  const queueDir = json.readOptional(json.field(config, 'queueDir'), 'queueDir', readPath);
  const validAttachments = readValidAttachments(config);
  return {
    cniVersion,
    name: readConfigName(json.field(config, 'name')),
    ...(network === undefined ? {} : { network }),
    ...(validAttachments === undefined ? {} : { validAttachments }),
    ...(agentSocket === undefined ? {} : { agentSocket }),
    ...(queueDir === undefined ? {} : { queueDir }),
  };
}

/** SPEC section 1, "Network configuration objects": `name`. It becomes part of file names. */
function readConfigName(value: unknown): string {
  const name = json.readString(value, 'name');
  if (isCniName(name)) return name;
  const rule = 'must be letters, digits, "_", "." or "-", starting with a letter or digit';
  return json.refuse('name', `${json.excerpt(name)} ${rule}`);
}

function readValidAttachments(config: json.JsonObject): readonly AttachmentId[] | undefined {
  const key = VALID_ATTACHMENTS.find((name) => Object.hasOwn(config, name));
  return key === undefined ? undefined : json.readList(config[key], key, readAttachment);
}

function readAttachment(value: unknown, path: string): AttachmentId {
  const entry = json.readObject(value, path);
  const containerID = json.readString(json.field(entry, 'containerID'), `${path}.containerID`);
  const ifname = json.readString(json.field(entry, 'ifname'), `${path}.ifname`);
  return {
    containerID: unwrap(parseContainerID(containerID), `${path}.containerID`),
    ifname: unwrap(parseIfName(ifname), `${path}.ifname`),
  };
}

/** Addresses are the agent's to give: a second allocator beside it would give one twice. */
function refuseIpam(config: json.JsonObject): void {
  const ipam = json.field(config, 'ipam');
  if (json.isAbsent(ipam) || (json.isObject(ipam) && Object.keys(ipam).length === 0)) return;
  const type = json.isObject(ipam) ? json.field(ipam, 'type') : undefined;
  const found = type === undefined ? `ipam: ${json.excerpt(ipam)}` : `ipam.type: ${json.excerpt(type)}`;
  const message = `${found} is not supported: warren assigns the addresses of its networks itself; remove the key "ipam"`;
  throw new CniError(CNI_CODE.unsupportedField, message);
}

const readNetworkName = (value: unknown, path: string): string =>
  unwrap(parseNetworkName(json.readString(value, path)), path);

function readPath(value: unknown, path: string): string {
  const text = json.readString(value, path);
  const isPath = text.startsWith('/') && !text.includes('\0');
  return isPath ? text : json.refuse(path, `${json.excerpt(text)} is not an absolute path`);
}

function readSocketPath(value: unknown, path: string): string {
  const text = readPath(value, path);
  const length = new TextEncoder().encode(text).length;
  return length < SUN_PATH_BYTES ? text : json.refuse(path, `a socket's path has at most ${SUN_PATH_BYTES - 1} bytes`);
}

const unwrap = <T>(result: Result<T>, path: string): T => (result.ok ? result.value : json.refuse(path, result.error));

/** A shape that is wrong is an invalid configuration to the runtime. */
export function asConfigError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof json.ShapeError)) throw error;
    throw new CniError(CNI_CODE.invalidConfig, `network configuration: ${error.message}`);
  }
}
