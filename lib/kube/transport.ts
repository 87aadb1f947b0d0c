/**
 * HTTP to the API server over kept-alive connections, with the credentials of a KubeConfig. Own requests instead of
 * client-node's fetch: docs/adr/0008-requests-over-node-http.md.
 */
import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { serverOf } from './config.ts';
import { type Connection, createCredentials } from './credentials.ts';
import { ApiError, errorFromResponse } from './error.ts';

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: string | undefined;
  readonly contentType?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Until the last byte of the answer; of a stream, until its headers. */
  readonly timeoutMs: number;
}

export interface Receive {
  /** The answer has begun, and is a success. */
  readonly onOpen?: ((headers: IncomingHttpHeaders) => void) | undefined;
  readonly onText: (text: string) => void;
}

/** Its calls throw ApiError. */
export interface Transport {
  /** The body of a successful answer. */
  send(call: HttpCall): Promise<string>;
  /** Hands out the body piece by piece; resolves when the server ends it. */
  stream(call: HttpCall, receive: Receive): Promise<void>;
  close(): void;
}

export function createTransport(config: KubeConfig, userAgent: string): Transport {
  const server = serverOf(config);
  const credentials = createCredentials(config);
  const perform = async (call: HttpCall, consume: Consume): Promise<void> => {
    try {
      await exchange({ server, call, consume, userAgent, connection: await credentials.current() });
    } catch (error) {
      const mayHaveRotated = error instanceof ApiError && error.status === 401 && credentials.forget();
      if (!mayHaveRotated) throw error;
      await exchange({ server, call, consume, userAgent, connection: await credentials.current() });
    }
  };
  return {
    send: async (call) => {
      let body = '';
      await perform(call, { isStream: false, onText: (text) => (body += text) });
      return body;
    },
    stream: (call, receive) => perform(call, { isStream: true, ...receive }),
    close: () => credentials.close(),
  };
}

interface Consume extends Receive {
  readonly isStream: boolean;
}

interface Exchange {
  readonly server: URL;
  readonly call: HttpCall;
  readonly consume: Consume;
  readonly userAgent: string;
  readonly connection: Connection;
}

/**
 * One request and its answer. A request that the server cut off on a kept-alive connection goes out again on another: it
 * closed an idle connection while we wrote. Safe for writes too, since each of ours names its object or its version.
 */
async function exchange(of: Exchange): Promise<void> {
  const outcome = await attempt(of);
  if (outcome === 'stale connection') await exchange(of);
}

type Outcome = 'done' | 'stale connection';

function attempt(of: Exchange): Promise<Outcome> {
  const { call } = of;
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const request = openRequest(of);
  const limits = enforceLimits(request, call);
  let isAnswered = false;
  const fail = (error: unknown): void => reject(limits.exceeded() ?? asApiError(call, error));
  request.on('error', (error) => {
    if (!isAnswered && !limits.exceeded() && isStale(request, error)) resolve('stale connection');
    else fail(error);
  });
  request.on('response', (response) => {
    isAnswered = true;
    if (of.consume.isStream) limits.liftDeadline();
    readResponse(of, response).then(() => resolve('done'), fail);
  });
  request.end(call.body);
  return promise.finally(limits.clear);
}

function openRequest({ server, call, userAgent, connection }: Exchange): ClientRequest {
  const open = server.protocol === 'https:' ? https.request : http.request;
  return open({
    ...connection,
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port || (server.protocol === 'https:' ? 443 : 80),
    method: call.method,
    path: server.pathname.replace(/\/$/, '') + call.path,
    headers: {
      ...connection.headers,
      accept: 'application/json',
      'user-agent': userAgent,
      ...(call.body === undefined
        ? {}
        : { 'content-type': call.contentType ?? 'application/json', 'content-length': Buffer.byteLength(call.body) }),
    },
  });
}

/** Destroys the request at its deadline or when its caller gives up, and remembers which. */
function enforceLimits(request: ClientRequest, call: HttpCall) {
  let error: ApiError | undefined;
  const stop = (reason: 'Timeout' | 'Aborted', message: string): void => {
    error ??= new ApiError({ status: 0, reason, message: `${call.method} ${call.path}: ${message}` });
    request.destroy();
  };
  const timer = setTimeout(() => stop('Timeout', `no answer within ${call.timeoutMs} ms`), call.timeoutMs);
  const abort = (): void => stop('Aborted', 'given up by the caller');
  call.signal?.addEventListener('abort', abort, { once: true });
  if (call.signal?.aborted) abort();
  return {
    exceeded: () => error,
    liftDeadline: () => clearTimeout(timer),
    clear: () => {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', abort);
    },
  };
}

async function readResponse({ call, consume }: Exchange, response: IncomingMessage): Promise<void> {
  const status = response.statusCode ?? 0;
  const isSuccess = status >= 200 && status < 300;
  if (isSuccess) consume.onOpen?.(response.headers);
  let refusal = '';
  const onText = isSuccess ? consume.onText : (text: string) => (refusal += text);
  response.setEncoding('utf8');
  for await (const text of response) onText(String(text));
  if (!isSuccess) throw errorFromResponse(`${call.method} ${call.path}`, status, refusal);
}

const isStale = (request: ClientRequest, error: NodeJS.ErrnoException): boolean =>
  request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');

function asApiError(call: HttpCall, error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = `${call.method} ${call.path}: ${error instanceof Error ? error.message : String(error)}`;
  return new ApiError({ status: 0, reason: 'Unreachable', message, cause: error });
}
