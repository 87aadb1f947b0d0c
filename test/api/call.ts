/** Calls an API server as a test needs it: JSON in and out, refusals as answers. */
import type { OutgoingHttpHeaders } from 'node:http';
import { asObject, asString, at, type Json, type JsonObject } from '../../lib/lab/apiserver/json.ts';
import { send, type Server } from '../unit/lab/apiserver/contract/send.ts';

export interface CallOptions {
  readonly body?: Json;
  /** Sent as it is, in place of `body`. */
  readonly raw?: string | Uint8Array;
  /** Media type of the body; default `application/json`. */
  readonly type?: string;
  readonly accept?: string;
}

export interface Answer {
  readonly code: number;
  /** The object, the list or the Status; empty when the server sent no JSON. */
  readonly body: JsonObject;
  /** `message` of a Status, else empty. */
  readonly message: string;
  readonly warnings: readonly string[];
}

export type Call = (method: string, path: string, options?: CallOptions) => Promise<Answer>;

/** `who`: headers that say as whom to act. */
export const callWith =
  (server: Server, who: OutgoingHttpHeaders): Call =>
  async (method, path, { body, raw, type = 'application/json', accept = 'application/json' } = {}) => {
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const headers = { Accept: accept, ...who, ...(content === undefined ? {} : { 'Content-Type': type }) };
    const received = await send(server, { method, path, headers, content });
    const parsed = parseObject(received.content.toString());
    const isStatus = parsed['kind'] === 'Status';
    return {
      code: received.status,
      body: parsed,
      message: isStatus ? asString(at(parsed, 'message')) : '',
      warnings: [received.headers['warning'] ?? []].flat().map(String),
    };
  };

const parseObject = (text: string): JsonObject => (text.startsWith('{') ? asObject(JSON.parse(text) as Json) : {});
