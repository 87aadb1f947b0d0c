/** One HTTP request to an API server, over TLS or in the clear, and its answer as text. */
import { once } from 'node:events';
import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';

export interface Server {
  /** `https://127.0.0.1:6443` */
  readonly url: string;
  readonly token: string;
  /** PEM of the certificate to trust; absent where the server speaks in the clear. */
  readonly ca?: string | undefined;
}

export interface Sending {
  readonly method: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly content?: string | Uint8Array | undefined;
  /** How long the whole answer may take. */
  readonly timeoutMs?: number;
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly content: Buffer;
}

/** Rejects when there is no whole answer. */
export async function send({ url, token, ca }: Server, sending: Sending): Promise<Received> {
  const { method, path, headers = {}, content, timeoutMs = 30_000 } = sending;
  const scheme = url.startsWith('https:') ? https : http;
  // Node sends no length with the body of a DELETE by itself.
  const length = content === undefined ? {} : { 'Content-Length': Buffer.byteLength(content) };
  const all = { Authorization: `Bearer ${token}`, ...length, ...headers };
  const request = scheme.request(url + path, {
    method,
    headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
    agent: scheme.globalAgent,
    signal: AbortSignal.timeout(timeoutMs),
    ...(ca === undefined ? {} : { ca }),
  });
  request.end(content);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, content: await buffer(response) };
}
