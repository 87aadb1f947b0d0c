/** Starts API servers for a test; they end with it, and leave nothing. */
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { selfSignedCertificate } from '../../lib/lab/apiserver/tls.ts';
import { startApiServer } from '../../lib/lab/apiserver/server.ts';
import type { User } from '../../lib/lab/apiserver/user.ts';
import { type ControlPlane, startControlPlane } from '../../lib/lab/control-plane.ts';
import { freePort } from '../../lib/lab/free-port.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { silentLogger } from '../../lib/telemetry/log.ts';
import { builtAssets } from '../cluster/assets.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { send, type Server } from '../unit/lab/apiserver/contract/send.ts';

const ADMIN = { user: 'admin', groups: ['system:masters'] };
const HOST = '127.0.0.1';
const READY_MS = 60_000;

/**
 * kube-apiserver with its etcd, RBAC on, answering; `flags` are more for it. `KUBEBUILDER_ASSETS` names other programs than those that
 * the tier built.
 */
export async function startRealServer(t: Pick<Test, 'teardown'>, flags: readonly string[] = []): Promise<Server> {
  const assets = process.env['KUBEBUILDER_ASSETS'] || builtAssets();
  const dir = await mkdtemp(join(tmpdir(), 'warren-api-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const certificate = await selfSignedCertificate([HOST, 'localhost']);
  const token = randomBytes(24).toString('base64url');
  const port = await freePort();
  const logFile = join(dir, 'log');
  const log = openSync(logFile, 'a', 0o600);
  const plane = await startControlPlane({
    ...{ assets, dir, port, advertise: '192.0.2.1', certificate, log, flags },
    accounts: [{ token, ...ADMIN }],
    authorization: 'RBAC',
  });
  closeSync(log);
  t.teardown(() => plane.stop());
  const server = { url: `https://${HOST}:${port}`, token, ca: certificate.cert };
  await ready(server, plane, logFile);
  return server;
}

/** Throws with the end of the programs' log when they end, or do not answer in time. */
async function ready(server: Server, plane: ControlPlane, logFile: string): Promise<void> {
  const answering = eventually(async () => {
    const { status, content } = await send(server, { method: 'GET', path: '/readyz?verbose' });
    if (status !== 200) throw new Error(`/readyz: ${status}\n${content.toString()}`);
  }, READY_MS);
  try {
    await Promise.race([answering, plane.ended]);
  } catch (error) {
    const log = (await readFile(logFile, 'utf8')).split('\n').slice(-20).join('\n');
    throw new Error(`the API server does not come up: ${String(error)}\n${log}`, { cause: error });
  }
}

/** kube-controller-manager with the collectors of garbage and of namespaces, which the embedded server has inside. */
export async function startCollectors(t: Pick<Test, 'teardown'>, { url, token, ca = '' }: Server): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'warren-collectors-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const kubeconfig = join(dir, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigText({ url, token, ca }), { mode: 0o600 });
  const program = join(process.env['KUBEBUILDER_ASSETS'] || builtAssets(), 'kube-controller-manager');
  const flags = ['--controllers=garbage-collector-controller,namespace-controller', '--leader-elect=false'];
  const argv = ['--pdeathsig', 'KILL', '--', program, `--kubeconfig=${kubeconfig}`, '--secure-port=0', ...flags];
  const child = spawn('setpriv', argv, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
}

export interface Embedded {
  readonly server: Server;
  /** Users that are added later are known at once. */
  readonly tokens: Map<string, User>;
}

/** The embedded server, over TLS as the real one: kubectl sends no token in the clear. */
export async function startEmbeddedServer(t: Pick<Test, 'teardown'>): Promise<Embedded> {
  const certificate = await selfSignedCertificate([HOST, 'localhost']);
  const token = randomBytes(24).toString('base64url');
  const tokens = new Map<string, User>([[token, { name: ADMIN.user, uid: ADMIN.user, groups: ADMIN.groups }]]);
  const listeners = [{ host: HOST, port: 0 }];
  const server = await startApiServer({ listeners, crds: [], tokens, tls: certificate, log: silentLogger });
  t.teardown(() => server.stop());
  return { server: { url: server.addresses[0]!, token, ca: certificate.cert }, tokens };
}
