/** One request to the agent and its reply, with blocking calls. */
import { decodeReply, type PluginReply, WireError } from '../api/plugin-wire.ts';
import { fileSystem, type SystemCalls } from './system-calls.ts';

/** No agent, or one that does not answer: the request may or may not have been carried out. */
export class AgentUnreachable extends Error {
  override readonly name = 'AgentUnreachable';
}

/** A connection to the agent. */
interface Line {
  readonly calls: SystemCalls;
  readonly fd: number;
  /** Milliseconds since the epoch. Each wait of the socket's own ends no earlier. */
  readonly deadline: number;
}

/** Throws AgentUnreachable. `request` is an encoded frame. */
export function callAgent(calls: SystemCalls, path: string, request: Uint8Array, timeoutMs: number): PluginReply {
  const deadline = Date.now() + timeoutMs;
  const fd = calls.connectUnix(path, timeoutMs);
  if (fd === undefined)
    throw new AgentUnreachable(fileSystem().existsSync(path) ? 'nobody listens on it' : 'it does not exist');
  const line = { calls, fd, deadline };
  sendAll(line, request);
  return receiveReply(line);
}

/** An agent that refuses a request early closes its side first; its answer may be there to read. */
function sendAll({ calls, fd, deadline }: Line, request: Uint8Array): void {
  let sent = 0;
  while (sent < request.length) {
    const count = calls.write(fd, request, sent);
    checkDeadline(deadline);
    if (count < 0) return;
    sent += count;
  }
}

function receiveReply({ calls, fd, deadline }: Line): PluginReply {
  let buffer = new Uint8Array(16 * 1024);
  let length = 0;
  for (;;) {
    const reply = decode(buffer.subarray(0, length));
    if (reply.done) return reply.value;
    if (reply.needed > buffer.length) buffer = grown(buffer, reply.needed);
    const count = calls.read(fd, buffer, length);
    if (count === 0) throw new AgentUnreachable('it closed the connection without an answer');
    checkDeadline(deadline);
    if (count < 0) throw new AgentUnreachable('the connection broke');
    length += count;
  }
}

function decode(bytes: Uint8Array): ReturnType<typeof decodeReply> {
  try {
    return decodeReply(bytes);
  } catch (error) {
    if (error instanceof WireError) throw new AgentUnreachable(`its answer makes no sense: ${error.message}`);
    throw error;
  }
}

function checkDeadline(deadline: number): void {
  if (Date.now() >= deadline) throw new AgentUnreachable('it did not answer in time');
}

function grown(buffer: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(buffer);
  return larger;
}
