/** From an HTTP request to its answer: who asks, which fault it meets, what it asks for. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backend, timestamp } from './backend.ts';
import { readDocument } from './body.ts';
import { cutConnection } from './cut.ts';
import { discover } from './discovery.ts';
import { serveFaultPath } from './fault-http.ts';
import type { Fault } from './faults.ts';
import { asObject } from './json.ts';
import { negotiate } from './negotiate.ts';
import { openApi } from './openapi.ts';
import { parseResourcePath } from './path.ts';
import type { ApiRequest } from './request.ts';
import { sendError, sendJson, sendText } from './respond.ts';
import { isReviewPath, review } from './reviews.ts';
import { ApiError, noSuchPath, unauthorized, wrongMethod } from './status.ts';
import { authenticate, impersonate, type Tokens, type User } from './user.ts';
import { serveResource } from './verbs.ts';
import { readWriteOptions } from './write-options.ts';

const PUBLIC = ['/healthz', '/livez', '/readyz'];

/** Answers one request; never rejects. */
export async function handle(
  backend: Backend,
  tokens: Tokens,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await answer(backend, tokens, message, response);
  } catch (error) {
    if (!(error instanceof ApiError))
      backend.log.error({ err: error, method: message.method, url: message.url }, 'request failed');
    sendError(response, error);
  }
}

async function answer(
  backend: Backend,
  tokens: Tokens,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(message.url ?? '/', 'http://server');
  const caller = authenticate(tokens, message.headers.authorization);
  if (PUBLIC.some((path) => url.pathname.startsWith(path)))
    return sendText(response, 200, 'text/plain; charset=utf-8', 'ok');
  if (caller === undefined) throw unauthorized();
  const user = impersonate(caller, message.headersDistinct);
  if (url.pathname.startsWith('/lab/faults'))
    return serveFaultPath(backend.faults, user, url.pathname, message, response);
  const plural = parseResourcePath(url.pathname)?.plural ?? '';
  for (const fault of backend.faults.of({ user: user.name, plural })) await meet(fault, backend, response);
  if (response.destroyed || response.socket?.destroyed) return;
  await route({ backend, url, user, message, response });
}

/** What a fault does to a request. Throws the error that it asks for. */
async function meet(fault: Fault, backend: Backend, response: ServerResponse): Promise<void> {
  switch (fault.kind) {
    case 'refuse':
      cutConnection(response);
      return;
    case 'delay':
      await sleep(fault.milliseconds);
      return;
    case 'error':
      if (backend.random() < fault.rate) throw faultError(fault);
      return;
    case 'stall':
    case 'drop':
    case 'expire':
      return;
  }
}

const REASONS = { 429: 'TooManyRequests', 500: 'InternalError', 503: 'ServiceUnavailable' } as const;
const faultError = ({ code, retryAfterSeconds }: Fault & { kind: 'error' }): ApiError =>
  new ApiError(
    code,
    REASONS[code],
    'a fault of the lab asks for this error',
    code === 500 ? {} : { retryAfterSeconds },
  );

interface Exchange {
  readonly backend: Backend;
  readonly url: URL;
  readonly user: User;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
}

async function route({ backend, url, user, message, response }: Exchange): Promise<void> {
  const request = apiRequest(backend, url, user, message);
  if (request !== undefined) return serveResource(request, response);
  if (isReviewPath(url.pathname)) {
    if (message.method !== 'POST') throw wrongMethod();
    const { fieldManager: manager } = readWriteOptions(
      'CreateOptions',
      url.searchParams,
      message.headers['user-agent'] ?? '',
    );
    const asker = { user, time: timestamp(backend.now()), manager };
    return sendJson(response, 201, review(url.pathname, asObject(await readDocument(message)), asker));
  }
  if (message.method !== 'GET') return sendNotFound(backend, url.pathname, response);
  const { host = '', accept = '' } = message.headers;
  const found = discover(backend.registry, url.pathname, accept, host);
  if (found !== undefined) return sendText(response, 200, found.type, `${JSON.stringify(found.document)}\n`);
  const document = openApi(backend.registry, url.pathname);
  if (document !== undefined) return sendJson(response, 200, document);
  sendNotFound(backend, url.pathname, response);
}

/** Groups of the server itself know what they have; other paths end in the router. */
function sendNotFound({ registry }: Backend, path: string, response: ServerResponse): void {
  const [root, group = ''] = path.split('/').filter((part) => part !== '');
  const own =
    root === 'api' || (root === 'apis' && registry.all().some(({ type }) => type.group === group && !type.custom));
  if (own) throw noSuchPath();
  sendText(response, 404, 'text/plain; charset=utf-8', '404 page not found\n');
}

/** Undefined when the path is that of no resource that is served. */
function apiRequest(backend: Backend, url: URL, user: User, message: IncomingMessage): ApiRequest | undefined {
  const path = parseResourcePath(url.pathname);
  const served = path && backend.registry.find(path.group, path.version, path.plural);
  if (path === undefined || served === undefined) return undefined;
  const representation = negotiate(message.headers.accept);
  return {
    backend,
    served,
    type: served.type,
    path,
    query: url.searchParams,
    user,
    representation,
    message,
    warnings: [],
  };
}
