/** The connection options that a KubeConfig resolves to, kept for a while: resolving reads files and runs plugins. */
import { createHash } from 'node:crypto';
import http, { type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { serverOf } from './config.ts';
import { ApiError } from './error.ts';

/** How long files and tokens are not looked at again. A rotated service account token stays valid for much longer. */
const FRESH_MS = 30_000;
/** Below the 90 s after which kube-apiserver closes an idle connection, so that we do not write into a closing one. */
const IDLE_SOCKET_MS = 30_000;

/** Headers, TLS material and the connection pool for one request. */
export type Connection = Omit<https.RequestOptions, 'headers'> & { readonly headers: OutgoingHttpHeaders };

export interface Credentials {
  /** Throws ApiError when a file or plugin that the configuration names gives none. */
  current(): Promise<Connection>;
  /** Drops what is kept; false when it was just read, so that reading it again would change nothing. */
  forget(): boolean;
  close(): void;
}

export function createCredentials(config: KubeConfig): Credentials {
  const agents = createAgents(config);
  let kept: { readonly options: Promise<Connection>; readonly at: number } | undefined;
  const resolve = async (): Promise<Connection> => {
    const headers: OutgoingHttpHeaders = {};
    const options: https.RequestOptions = { headers };
    await config.applyToHTTPSOptions(options);
    return { ...options, headers, agent: agents.agentFor(options) };
  };
  const read = (): Promise<Connection> => {
    const options = resolve();
    kept = { options, at: performance.now() };
    options.catch(() => (kept = undefined));
    return options;
  };
  return {
    current: async () => {
      const isFresh = kept !== undefined && performance.now() - kept.at < FRESH_MS;
      return (isFresh && kept ? kept.options : read()).catch((error: unknown) => {
        throw new ApiError({
          status: 0,
          reason: 'Unreachable',
          message: `no credentials for ${serverOf(config).origin}: ${error instanceof Error ? error.message : String(error)}`,
          cause: error,
        });
      });
    },
    forget: () => {
      const wasOld = kept !== undefined && performance.now() - kept.at > 1000;
      kept = undefined;
      return wasOld;
    },
    close: () => agents.close(),
  };
}

/** One connection pool for as long as the TLS material stays the same. A proxy's agent is client-node's own. */
function createAgents(config: KubeConfig) {
  let pool: { readonly fingerprint: string; readonly agent: http.Agent } | undefined;
  const isSecure = serverOf(config).protocol === 'https:';
  const open = (tls: https.RequestOptions): http.Agent => {
    const keepAlive = { keepAlive: true, timeout: IDLE_SOCKET_MS, scheduling: 'lifo' } as const;
    if (!isSecure) return new http.Agent(keepAlive);
    const { ca, cert, key, rejectUnauthorized, servername } = tls;
    return new https.Agent({ ...keepAlive, ...defined({ ca, cert, key, rejectUnauthorized, servername }) });
  };
  return {
    agentFor: (options: https.RequestOptions): http.Agent => {
      if (config.getCurrentCluster()?.proxyUrl && options.agent instanceof http.Agent) return options.agent;
      const fingerprint = fingerprintOf(options);
      if (pool?.fingerprint !== fingerprint) {
        pool?.agent.destroy();
        pool = { fingerprint, agent: open(options) };
      }
      return pool.agent;
    },
    close: () => pool?.agent.destroy(),
  };
}

const fingerprintOf = ({ ca, cert, key }: https.RequestOptions): string =>
  createHash('sha256')
    .update(JSON.stringify([ca, cert, key]))
    .digest('base64');

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
/** Without the undefined members: for types that tell absent from undefined. */
function defined<T extends object>(of: T): Defined<T> {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as Defined<T>;
}
