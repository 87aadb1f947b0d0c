/** An API server for one test, with the tests' own definitions in it. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Test } from 'tap';
import { parse } from 'yaml';
import type { JsonObject } from '../../../../lib/lab/apiserver/json.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../../../../lib/lab/apiserver/server.ts';
import { silentLogger } from '../../../../lib/telemetry/log.ts';

export const TOKEN = 'admin-token';
export const USER_TOKEN = 'user-token';
const readDefinition = (name: string): JsonObject =>
  parse(readFileSync(resolve(import.meta.dirname, 'fixtures', name), 'utf8')) as JsonObject;
export const widgetDefinition = readDefinition('widget-crd.yaml');
export const ruledDefinition = readDefinition('ruled-crd.yaml');

export interface Started {
  readonly server: ApiServer;
  readonly url: string;
}

/** Stops with the test. */
export async function start(t: Test, options: Partial<ApiServerOptions> = {}): Promise<Started> {
  const server = await startApiServer({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    crds: [widgetDefinition, ruledDefinition],
    tokens: new Map([
      [TOKEN, { name: 'admin', uid: 'admin', groups: ['system:masters'] }],
      [USER_TOKEN, { name: 'user', groups: [] }],
    ]),
    log: silentLogger,
    ...options,
  });
  t.teardown(() => server.stop());
  return { server, url: server.addresses[0]! };
}
