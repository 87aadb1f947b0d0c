/** An API server of its own for each test: the lab's, over real HTTP, with our definitions in it. */
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import type { Test } from 'tap';
import { parse } from 'yaml';
import type { KubeClient } from '../../lib/kube/client.ts';
import { createKubeClient } from '../../lib/kube/http-client.ts';
import type { Faults } from '../../lib/lab/apiserver/faults.ts';
import { type ApiServer, startApiServer } from '../../lib/lab/apiserver/server.ts';
import { silentLogger } from '../../lib/telemetry/log.ts';

export interface TestApi {
  readonly client: KubeClient;
  readonly faults: Faults;
  readonly address: string;
  /** For the client-node library and for kubeconfig files. */
  readonly config: KubeConfig;
  /** Another connection pool, for a second program. */
  newClient(): KubeClient;
  readonly server: ApiServer;
}

const root = resolve(import.meta.dirname, '../..');
const TOKEN = 'test-token';

export const definitions = globSync(resolve(root, 'deploy/crds/*.yaml')).map(
  (file) => parse(readFileSync(file, 'utf8')) as Record<string, never>,
);
/** As of a version that had no rules yet: with them, objects come in that the rules would refuse. */
export const definitionsWithoutRules = definitions.map(
  (definition) =>
    JSON.parse(
      JSON.stringify(definition, (key, value: unknown) => (key === 'x-kubernetes-validations' ? undefined : value)),
    ) as Record<string, never>,
);

export async function startTestApi(t: Test, crds = definitions): Promise<TestApi> {
  const server = await startApiServer({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    crds,
    tokens: new Map([[TOKEN, { name: 'test', groups: ['system:masters'] }]]),
    log: silentLogger,
  });
  const address = server.addresses[0]!;
  const clients: KubeClient[] = [];
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'test', server: address, skipTLSVerify: true }, { name: 'test', token: TOKEN });
  const newClient = (): KubeClient => {
    const client = createKubeClient(config, 'test');
    clients.push(client);
    return client;
  };
  t.teardown(async () => {
    for (const client of clients) client.close();
    await server.stop();
  });
  return { client: newClient(), newClient, faults: server.faults, address, config, server };
}

/** Waits until the check holds and returns what it gave; fails with its last answer when it takes too long. */
export async function eventually<T>(
  check: () => Promise<T> | T,
  isDone: (value: T) => boolean,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await check();
    if (isDone(value)) return value;
    if (performance.now() > deadline)
      throw new Error(`still so after ${timeoutMs} ms: ${JSON.stringify(value, null, 1).slice(0, 2000)}`);
    await sleep(10);
  }
}
