/** The embedded API server: what the lab and the tests run where a cluster runs kube-apiserver. */
import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../../telemetry/log.ts';
import type { Backend } from './backend.ts';
import { bootstrap } from './bootstrap.ts';
import { Faults } from './faults.ts';
import { handle } from './handle.ts';
import type { JsonObject } from './json.ts';
import { Registry } from './registry.ts';
import { SnapshotWriter } from './snapshot.ts';
import { Store } from './store.ts';
import type { Certificate } from './tls.ts';
import type { Tokens } from './user.ts';
import { Watchers } from './watchers.ts';

/** Where to listen: an address, or an open listening socket that was inherited. Port 0 takes a free one. */
export type Listener = { readonly host: string; readonly port: number } | { readonly fd: number };

export interface ApiServerOptions {
  readonly listeners: readonly Listener[];
  /** CustomResourceDefinitions that are there from the start. */
  readonly crds: readonly JsonObject[];
  readonly tokens: Tokens;
  /** Absent: plain HTTP, over which kubectl sends no token. */
  readonly tls?: Certificate;
  /** Where the state is kept between runs; absent: in memory only. Holds Secrets, so it is written with mode 0600. */
  readonly snapshotFile?: string;
  /** Changes kept per resource for watches that resume. */
  readonly historySize?: number;
  readonly log: Logger;
}

export interface ApiServer {
  /** One per listener, in order: `https://127.0.0.1:6443`. */
  readonly addresses: readonly string[];
  readonly faults: Faults;
  /** How many watches are open. */
  openWatches(): number;
  stop(): Promise<void>;
}

/** Starts the server. Throws when a definition is not valid or an address cannot be had. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const backend = createBackend(options);
  await bootstrap(backend, options.crds, options.snapshotFile);
  const servers: Server[] = [];
  try {
    for (const listener of options.listeners) servers.push(await listen(backend, options, listener));
  } catch (error) {
    await Promise.all(servers.map(close));
    throw error;
  }
  const snapshots = followSnapshots(backend, options.snapshotFile);
  return {
    addresses: servers.map((server) => addressOf(server, options.tls)),
    faults: backend.faults,
    openWatches: () => backend.watchers.all().length,
    async stop() {
      backend.faults.clear();
      await Promise.all(servers.map(close));
      await snapshots?.stop();
    },
  };
}

function followSnapshots({ store, log }: Backend, file: string | undefined): SnapshotWriter | undefined {
  if (file === undefined) return undefined;
  return new SnapshotWriter(store, file, (error) => log.error({ err: error, file }, 'snapshot not written'));
}

function createBackend({ historySize, log }: ApiServerOptions): Backend {
  const store = new Store(historySize === undefined ? {} : { historySize });
  const watchers = new Watchers();
  const faults = new Faults({ watchers, compact: () => store.compact() });
  return {
    store,
    registry: new Registry(),
    watchers,
    faults,
    log,
    now: Date.now,
    random: Math.random,
    uid: randomUUID,
  };
}

async function listen(backend: Backend, { tokens, tls }: ApiServerOptions, listener: Listener): Promise<Server> {
  const onRequest: RequestListener = (message, response) => void handle(backend, tokens, message, response);
  const server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
  server.keepAliveTimeout = 60_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listener, resolve);
  });
  return server;
}

function addressOf(server: Server, tls: Certificate | undefined): string {
  const { address, port, family } = server.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
