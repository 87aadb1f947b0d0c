/** What an API server says of itself: its version, and what time it is there. */
import type { KubeConfig } from '@kubernetes/client-node';
import * as z from 'zod';
import { parseObject } from './object.ts';
import { createTransport } from './transport.ts';

export interface ServerInfo {
  /** `v1.36.3` */
  readonly version: string;
  /** How far our clock is ahead of the server's, ms: right to about a second, as its Date header is. Undefined without one. */
  readonly clockAheadMs: number | undefined;
}

const versionSchema = z.object({ gitVersion: z.string() });
const TIMEOUT_MS = 10_000;
/** A Date header names the second that has begun: on average half of it is over. */
const HALF_SECOND_MS = 500;

/** Throws ApiError. `wallClock`: ms since the epoch. */
export async function serverInfo(config: KubeConfig, wallClock: () => number = Date.now): Promise<ServerInfo> {
  const transport = createTransport(config, 'warren');
  try {
    // The first request opens the connection, which must not count as the time that the answer took.
    await transport.send({ method: 'GET', path: '/version', timeoutMs: TIMEOUT_MS });
    let date: string | undefined;
    let body = '';
    const asked = wallClock();
    let answered = asked;
    await transport.stream(
      { method: 'GET', path: '/version', timeoutMs: TIMEOUT_MS },
      {
        onOpen: (headers) => {
          answered = wallClock();
          date = headers.date;
        },
        onText: (text) => (body += text),
      },
    );
    const server = Date.parse(date ?? '') + HALF_SECOND_MS;
    const clockAheadMs = Number.isNaN(server) ? undefined : (asked + answered) / 2 - server;
    return { version: parseObject(versionSchema, '/version', body).gitVersion, clockAheadMs };
  } finally {
    transport.close();
  }
}
