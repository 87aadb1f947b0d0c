/**
 * What the plugin and the agent say to each other on the unix socket: one request, one reply, then both close. The plugin passes on the
 * environment and stdin as they are, so a new CNI version changes nothing here.
 *
 *   request: "WRN1"  u32 length of environment  u32 length of stdin   environment ("KEY=VALUE\0" ...)  stdin
 *   reply:   "WRN1"  u32 exit code              u32 length of stdout  stdout
 *
 * Numbers are big-endian.
 */

export interface PluginRequest {
  /** The variables that start with CNI_. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: Uint8Array;
}

export interface PluginReply {
  /** 0 to 255. */
  readonly exitCode: number;
  readonly stdout: Uint8Array;
}

/** A frame that is still arriving says how many bytes it will have, or how many its header has. */
export type Decoded<T> = { readonly done: true; readonly value: T } | { readonly done: false; readonly needed: number };

/** The other side speaks something else: the connection is of no more use. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

export const AGENT_SOCKET = '/run/warren/agent.sock';
/** DELs that arrived while the agent was down: one file each, a request frame. */
export const QUEUE_DIR = '/var/lib/warren/queue';

const HEADER_BYTES = 12;
const MAGIC = 0x57_52_4e_31;
/** Of each part of a frame. */
export const PART_BYTES_MAX = 16 * 1024 * 1024;
/** Linux allows 128 KiB in one variable; five of ours fit. */
const ENV_BYTES_MAX = 1024 * 1024;
const ENV_PREFIX = 'CNI_';

/** Throws WireError when it is too large. */
export function encodeRequest(request: PluginRequest): Uint8Array {
  const pairs = Object.keys(request.env).map((name) => `${name}=${request.env[name] ?? ''}\0`);
  const env = new TextEncoder().encode(pairs.join(''));
  checkLength('environment', env.length, ENV_BYTES_MAX);
  checkLength('configuration', request.stdin.length, PART_BYTES_MAX);
  return frame(env.length, request.stdin.length, env, request.stdin);
}

/** Throws WireError when `bytes` can be no request. Does not look at bytes past the frame's end. */
export function decodeRequest(bytes: Uint8Array): Decoded<PluginRequest> {
  const header = decodeHeader(bytes);
  if (header === undefined) return { done: false, needed: HEADER_BYTES };
  const [envLength, stdinLength] = header;
  checkLength('environment', envLength, ENV_BYTES_MAX);
  checkLength('configuration', stdinLength, PART_BYTES_MAX);
  const stdinAt = HEADER_BYTES + envLength;
  const end = stdinAt + stdinLength;
  if (bytes.length < end) return { done: false, needed: end };
  return {
    done: true,
    value: { env: decodeEnv(bytes.subarray(HEADER_BYTES, stdinAt)), stdin: bytes.subarray(stdinAt, end) },
  };
}

/** Throws WireError when it is too large. */
export function encodeReply(reply: PluginReply): Uint8Array {
  checkExitCode(reply.exitCode);
  checkLength('reply', reply.stdout.length, PART_BYTES_MAX);
  return frame(reply.exitCode, reply.stdout.length, reply.stdout);
}

/** Throws WireError when `bytes` can be no reply. */
export function decodeReply(bytes: Uint8Array): Decoded<PluginReply> {
  const header = decodeHeader(bytes);
  if (header === undefined) return { done: false, needed: HEADER_BYTES };
  const [exitCode, length] = header;
  checkExitCode(exitCode);
  checkLength('reply', length, PART_BYTES_MAX);
  const end = HEADER_BYTES + length;
  if (bytes.length < end) return { done: false, needed: end };
  return { done: true, value: { exitCode, stdout: bytes.subarray(HEADER_BYTES, end) } };
}

/** The variables of a process that belong in a request. */
export function cniEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of Object.keys(env)) {
    const value = env[name];
    if (value !== undefined && name.startsWith(ENV_PREFIX)) found[name] = value;
  }
  return found;
}

/**
 * The file of a queued DEL in the queue directory; the same DEL again replaces it. The plugin writes it under a name that starts with
 * ".": such files are unfinished.
 */
export const queueFileName = (containerID: string, ifname: string): string => `${containerID}@${ifname}.del`;

function frame(first: number, second: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = HEADER_BYTES;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint32(4, first);
  view.setUint32(8, second);
  let at = HEADER_BYTES;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function decodeHeader(bytes: Uint8Array): readonly [number, number] | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (view.getUint32(0) !== MAGIC)
    throw new WireError('not a message of the warren plugin: its first bytes are not "WRN1"');
  return [view.getUint32(4), view.getUint32(8)];
}

function decodeEnv(bytes: Uint8Array): Record<string, string> {
  const env: Record<string, string> = {};
  for (const pair of new TextDecoder().decode(bytes).split('\0')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(at, 0));
    if (!name.startsWith(ENV_PREFIX))
      throw new WireError('the environment of a request holds something other than CNI_ variables');
    env[name] = pair.slice(at + 1);
  }
  return env;
}

function checkLength(part: string, length: number, most: number): void {
  if (length > most) throw new WireError(`the ${part} has ${length} bytes: at most ${most} are allowed`);
}

function checkExitCode(code: number): void {
  if (!Number.isInteger(code) || code < 0 || code > 255) throw new WireError(`${code} is no exit code: 0 to 255`);
}
