/** What probes and Prometheus ask a process: `/healthz`, `/readyz`, `/metrics`. */
import http, { type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Metrics } from './metrics.ts';

/** Each returns what is wrong, by name of the check; an empty object is good. */
export interface Probes {
  /** Wrong here: only a restart can help. */
  readonly health: () => Readonly<Record<string, string>>;
  /** Wrong here: it cannot serve now. */
  readonly readiness: () => Readonly<Record<string, string>>;
}

export interface HealthServer {
  /** With the port that was really taken: `127.0.0.1:8080`. */
  readonly address: string;
  close(): Promise<void>;
}

/** `host:port`, `[::1]:port` or `:port` for all addresses; port 0 takes a free one. */
export function parseListenAddress(text: string): { host: string | undefined; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? 65_536);
  if (!match || port > 65_535) return undefined;
  return { host: match[1] ?? (match[2] || undefined), port };
}

/** Throws an Error that names the address when it is malformed or cannot be had. */
export async function startHealthServer(address: string, probes: Probes, metrics: Metrics): Promise<HealthServer> {
  const listen = parseListenAddress(address);
  if (!listen)
    throw new Error(`"${address}" is not an address to listen on: write host:port such as 127.0.0.1:8080 or :8080`);
  const server = http.createServer((request, response) => {
    void answer(request.url ?? '/', probes, metrics, response);
  });
  server.listen(listen);
  await once(server, 'listening').catch((error: unknown) => {
    throw new Error(`cannot listen on ${address}: ${String(error)}; name another with --health-address`, {
      cause: error,
    });
  });
  return {
    address: boundAddress(server),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function boundAddress(server: http.Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return '';
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

async function answer(url: string, probes: Probes, metrics: Metrics, response: ServerResponse): Promise<void> {
  const path = url.split('?', 1)[0];
  if (path === '/healthz') reply(response, probes.health());
  else if (path === '/readyz') reply(response, probes.readiness());
  else if (path === '/metrics') {
    const text = await metrics.text();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
  } else response.writeHead(404).end('there is /healthz, /readyz and /metrics\n');
}

function reply(response: ServerResponse, wrong: Readonly<Record<string, string>>): void {
  const lines = Object.entries(wrong).map(([check, problem]) => `${check}: ${problem}\n`);
  response.writeHead(lines.length === 0 ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(lines.length === 0 ? 'ok\n' : lines.join(''));
}
