/** The parameters of a CNI call that come in the environment (SPEC section 2, "Parameters"). */
import { type IfName, parseIfName } from '../net/ifname.ts';
import { err, ok, type Result } from '../net/result.ts';
import { CNI_CODE, CNI_COMMANDS, type CniCommand, CniError } from './cni.ts';

/** As kubelet's runtimes name the pod in CNI_ARGS. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  /** Absent from runtimes that do not send it. */
  readonly uid?: string;
  readonly infraContainerID?: string;
}

/** One interface of one container: what ADD makes and DEL names. */
export interface AttachmentId {
  readonly containerID: string;
  readonly ifname: IfName;
}

export type CniCall =
  | ({ readonly command: 'ADD' | 'CHECK'; readonly netns: string; readonly pod?: PodRef } & AttachmentId)
  | ({ readonly command: 'DEL'; readonly netns?: string; readonly pod?: PodRef } & AttachmentId)
  | { readonly command: 'GC' | 'STATUS' }
  | { readonly command: 'VERSION' };

export type Env = Readonly<Record<string, string | undefined>>;

const REQUIRED: Readonly<Record<CniCommand, readonly string[]>> = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME'],
  GC: [],
  STATUS: [],
  VERSION: [],
};

/** Leaves room in a file name (NAME_MAX is 255) for the interface and a suffix. */
const CONTAINER_ID_MAX = 128;
const POD_VALUE_MAX = 253;
const PATH_MAX = 4096;

/**
 * SPEC, CNI_CONTAINERID and network names: letters, digits, "_", "." or "-", starting with a letter or digit. What passes is safe in a file
 * name and in an API path. One expression for all of them: the plugin pays for compiling each.
 */
export const isCniName = (text: string): boolean => /^[A-Za-z0-9][\w.-]*$/.test(text);

/** Throws CniError 4 that names every variable that is missing, or the first that is wrong. */
export function parseEnv(env: Env): CniCall {
  const get = (name: string): string => env[name] ?? '';
  const command = parseCommand(get('CNI_COMMAND'));
  const missing = REQUIRED[command].filter((name) => get(name) === '');
  if (missing.length > 0) throw invalid(`${command} needs ${missing.join(', ')}: the container runtime has to set it`);
  if (command === 'VERSION') return { command };
  if (command === 'GC' || command === 'STATUS') return { command };
  const netns = parseNetns(get('CNI_NETNS'));
  const pod = parsePodArgs(get('CNI_ARGS'));
  const rest = {
    containerID: valid('CNI_CONTAINERID', parseContainerID(get('CNI_CONTAINERID'))),
    ifname: valid('CNI_IFNAME', parseIfName(get('CNI_IFNAME'))),
    ...(pod === undefined ? {} : { pod }),
  };
  if (command !== 'DEL') return { command, netns, ...rest };
  return { command, ...rest, ...(netns === '' ? {} : { netns }) };
}

const isCommand = (text: string): text is CniCommand => (CNI_COMMANDS as readonly string[]).includes(text);

function parseCommand(text: string): CniCommand {
  if (isCommand(text)) return text;
  throw invalid(`CNI_COMMAND is ${quote(text)}: it must be one of ${CNI_COMMANDS.join(', ')}`);
}

/** SPEC section 2, "Parameters": CNI_CONTAINERID. */
export function parseContainerID(text: string): Result<string> {
  if (isCniName(text) && text.length <= CONTAINER_ID_MAX) return ok(text);
  const rule = `up to ${CONTAINER_ID_MAX} letters, digits, "_", "." or "-", starting with a letter or digit`;
  return err(`${quote(text)} is not a container id: ${rule}`);
}

function valid<T>(variable: string, parsed: Result<T>): T {
  if (parsed.ok) return parsed.value;
  throw invalid(`${variable}: ${parsed.error}`);
}

/** DEL may come with an empty one: the namespace is gone already. */
function parseNetns(text: string): string {
  if (text === '' || (text.startsWith('/') && text.length < PATH_MAX && !text.includes('\0'))) return text;
  throw invalid(`CNI_NETNS is ${quote(text)}: it must be the absolute path of a network namespace`);
}

type PodKey = 'K8S_POD_NAMESPACE' | 'K8S_POD_NAME' | 'K8S_POD_UID' | 'K8S_POD_INFRA_CONTAINER_ID';

/** `CNI_ARGS`: `KEY=VALUE;KEY=VALUE`. Keys that we do not know are other plugins'. Undefined when it names no pod. */
function parsePodArgs(text: string): PodRef | undefined {
  const args = new Map(text.split(';').filter(Boolean).map(splitArg));
  const namespace = podArg(args, 'K8S_POD_NAMESPACE');
  const name = podArg(args, 'K8S_POD_NAME');
  const uid = podArg(args, 'K8S_POD_UID');
  const infraContainerID = podArg(args, 'K8S_POD_INFRA_CONTAINER_ID');
  if (namespace === undefined && name === undefined) return undefined;
  if (namespace === undefined) throw invalid('CNI_ARGS names K8S_POD_NAME but no K8S_POD_NAMESPACE');
  if (name === undefined) throw invalid('CNI_ARGS names K8S_POD_NAMESPACE but no K8S_POD_NAME');
  return {
    namespace,
    name,
    ...(uid === undefined ? {} : { uid }),
    ...(infraContainerID === undefined ? {} : { infraContainerID }),
  };
}

function splitArg(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw invalid(`CNI_ARGS has ${quote(pair)}: it must be KEY=VALUE pairs joined by ";"`);
}

function podArg(args: ReadonlyMap<string, string>, key: PodKey): string | undefined {
  const value = args.get(key);
  if (value === undefined || value === '') return undefined;
  if (isCniName(value) && value.length <= POD_VALUE_MAX) return value;
  throw invalid(`CNI_ARGS has ${key}=${quote(value)}: no legal value for a Kubernetes pod`);
}

const invalid = (message: string): CniError => new CniError(CNI_CODE.invalidEnvironment, message);
const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
