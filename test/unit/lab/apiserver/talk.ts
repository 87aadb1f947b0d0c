/** Talks to an API server as tests need it: JSON in and out, and watches that are read event by event. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { JsonObject } from '../../../../lib/lab/apiserver/json.ts';
import { send, type Server } from './contract/send.ts';
import { TOKEN } from './start.ts';

export const WIDGETS = '/apis/test.warren.dev/v1/widgets';
export const MERGE = 'application/merge-patch+json';

export interface Answer {
  readonly code: number;
  readonly body: JsonObject & { metadata: JsonObject };
}
export interface TalkOptions {
  /** A JSON patch is a list. */
  readonly body?: JsonObject | readonly JsonObject[];
  readonly type?: string;
  readonly token?: string;
}

/** Speaks to one server. */
export type Talk = (method: string, path: string, options?: TalkOptions) => Promise<Answer>;

/** To a server of start.ts by its address, or to any other. */
export function talkTo(target: string | Server): Talk {
  const server = typeof target === 'string' ? { url: target, token: TOKEN } : target;
  return async (method, path, { body, type = 'application/json', token = server.token } = {}) => {
    const headers = body === undefined ? {} : { 'Content-Type': type };
    const content = body === undefined ? undefined : JSON.stringify(body);
    const received = await send({ ...server, token }, { method, path, headers, content });
    return { code: received.status, body: JSON.parse(received.content.toString()) as Answer['body'] };
  };
}

export const widget = (name: string, rest: JsonObject = {}, spec: JsonObject = { color: 'red' }): JsonObject => ({
  apiVersion: 'test.warren.dev/v1',
  kind: 'Widget',
  metadata: { name, ...rest },
  spec,
});

export interface WatchEvent {
  readonly type: string;
  readonly object: JsonObject & { metadata: JsonObject };
}

/** Events as they come. */
export interface OpenWatch {
  readonly events: WatchEvent[];
  /** How it ended; undefined while it is open. */
  ended: 'closed' | 'broken' | undefined;
}

/** Opens a watch; resolves once the server has answered. Ends with the test. */
export async function watch(t: Test, url: string, path: string, token = TOKEN): Promise<OpenWatch> {
  const abort = new AbortController();
  t.teardown(() => abort.abort());
  const separator = path.includes('?') ? '&' : '?';
  const response = await fetch(`${url}${path}${separator}watch=true`, {
    headers: { Authorization: `Bearer ${token}` },
    signal: abort.signal,
  });
  const open: OpenWatch = { events: [], ended: undefined };
  void follow(response, open);
  return open;
}

async function follow(response: Response, open: OpenWatch): Promise<void> {
  let rest = '';
  try {
    for await (const chunk of response.body ?? []) {
      const lines = (rest + Buffer.from(chunk as Uint8Array).toString()).split('\n');
      rest = lines.pop() ?? '';
      open.events.push(...lines.map((line) => JSON.parse(line) as WatchEvent));
    }
    open.ended = 'closed';
  } catch {
    open.ended = 'broken';
  }
}

/** Waits until something holds; fails the test with what it was instead. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 5000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not after ${timeoutMs} ms: ${what}`);
    await sleep(10);
  }
}

export const names = (events: readonly WatchEvent[]): string[] =>
  events.map(({ type, object }) => `${type} ${object.metadata['name'] as string}`);
