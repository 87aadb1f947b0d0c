/** One request to the agent and its reply, with blocking calls. */
import { existsSync, readSync, writeSync } from 'node:fs';
import { decodeReply, type PluginReply, WireError } from '../api/plugin-wire.ts';

/** A connected socket's descriptor, whose waits end after `timeoutMs` with EAGAIN; undefined when nobody listens. */
export type Connect = (path: string, timeoutMs: number) => number | undefined;

/** No agent, or one that does not answer: the request may or may not have been carried out. */
export class AgentUnreachable extends Error {
  override readonly name = 'AgentUnreachable';
}

/** Throws AgentUnreachable. `request` is an encoded frame. */
export function callAgent(connect: Connect, path: string, request: Uint8Array, timeoutMs: number): PluginReply {
  const fd = connect(path, timeoutMs);
  if (fd === undefined) throw new AgentUnreachable(existsSync(path) ? 'nobody listens on it' : 'it does not exist');
  const deadline = Date.now() + timeoutMs;
  sendAll(fd, request, deadline);
  return receiveReply(fd, deadline);
}

function sendAll(fd: number, request: Uint8Array, deadline: number): void {
  let sent = 0;
  try {
    while (sent < request.length) {
      sent += writeSync(fd, request, sent);
      checkDeadline(deadline);
    }
  } catch (error) {
    // An agent that refuses a request early closes its side first; its answer may be there to read.
    if (codeOf(error) !== 'EPIPE') throw asUnreachable(error);
  }
}

function receiveReply(fd: number, deadline: number): PluginReply {
  let buffer = new Uint8Array(16 * 1024);
  let length = 0;
  for (;;) {
    const reply = decode(buffer.subarray(0, length));
    if (reply.done) return reply.value;
    if (reply.needed > buffer.length) buffer = grown(buffer, reply.needed);
    const count = receive(fd, buffer, length);
    if (count === 0) throw new AgentUnreachable('it closed the connection without an answer');
    length += count;
    checkDeadline(deadline);
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

function receive(fd: number, buffer: Uint8Array, at: number): number {
  try {
    return readSync(fd, buffer, at, buffer.length - at, null);
  } catch (error) {
    throw asUnreachable(error);
  }
}

function checkDeadline(deadline: number): void {
  if (Date.now() >= deadline) throw new AgentUnreachable('it did not answer in time');
}

function asUnreachable(error: unknown): unknown {
  if (error instanceof AgentUnreachable) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  return new AgentUnreachable(code === 'EAGAIN' ? 'it did not answer in time' : `the connection broke (${code})`);
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

function grown(buffer: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(buffer);
  return larger;
}
