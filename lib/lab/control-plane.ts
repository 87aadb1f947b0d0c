/** kube-apiserver with its etcd, on loopback: what the embedded API server stands for, for a lab or for a test. */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './access.ts';
import type { Certificate } from './apiserver/tls.ts';
import { freePort } from './free-port.ts';

export interface ControlPlaneOptions {
  /** The folder that holds `etcd` and `kube-apiserver`, as `KUBEBUILDER_ASSETS` names it. */
  readonly assets: string;
  /** For certificates, tokens and the database; made if it is missing. */
  readonly dir: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** What the server tells others its address is. */
  readonly advertise: string;
  readonly certificate: Certificate;
  readonly accounts: readonly Pick<Account, 'token' | 'user' | 'groups'>[];
  readonly authorization: 'AlwaysAllow' | 'RBAC';
  /** For what the programs print: a file descriptor, or our own output. */
  readonly log: number | 'inherit';
  /** More for kube-apiserver. */
  readonly flags?: readonly string[];
}

export interface ControlPlane {
  /** Rejects when one of the programs ends before it is told to. */
  readonly ended: Promise<never>;
  stop(): Promise<void>;
}

/** Returns before the server answers: wait for its `/readyz`. Both programs end with us, however we end. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const files = await writeFiles(options);
  const [etcdPort, peerPort] = [await freePort(), await freePort()];
  const start = (name: string, flags: readonly string[]): ChildProcess =>
    startChild(join(options.assets, name), flags, ['ignore', options.log, options.log]);
  const etcd = start('etcd', etcdFlags(join(options.dir, 'etcd'), etcdPort, peerPort));
  const apiServer = start('kube-apiserver', apiServerFlags(options, files, etcdPort));
  const ended = Promise.race([endOf(etcd, 'etcd'), endOf(apiServer, 'kube-apiserver')]);
  // Whoever does not look at it while the programs run is not told when they end.
  ended.catch(() => undefined);
  return {
    ended,
    stop: async () => {
      for (const child of [apiServer, etcd]) await stopChild(child);
    },
  };
}

interface Files {
  readonly cert: string;
  readonly key: string;
  readonly tokens: string;
  readonly authentication: string;
}

/** Only its health is for everybody, as with the embedded server. */
const AUTHENTICATION = JSON.stringify({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthenticationConfiguration',
  anonymous: { enabled: true, conditions: [{ path: '/healthz' }, { path: '/livez' }, { path: '/readyz' }] },
});

async function writeFiles({ dir, certificate, accounts }: ControlPlaneOptions): Promise<Files> {
  const files = {
    cert: join(dir, 'tls.crt'),
    key: join(dir, 'tls.key'),
    tokens: join(dir, 'tokens.csv'),
    authentication: join(dir, 'authentication.json'),
  };
  const tokens = accounts.map(({ token, user, groups }) => `${token},${user},${user},"${groups.join(',')}"\n`);
  await mkdir(join(dir, 'etcd'), { recursive: true, mode: 0o700 });
  await writeFile(files.cert, certificate.cert, { mode: 0o600 });
  await writeFile(files.key, certificate.key, { mode: 0o600 });
  await writeFile(files.tokens, tokens.join(''), { mode: 0o600 });
  await writeFile(files.authentication, AUTHENTICATION);
  return files;
}

function etcdFlags(dataDir: string, clientPort: number, peerPort: number): readonly string[] {
  const [client, peer] = [`http://127.0.0.1:${clientPort}`, `http://127.0.0.1:${peerPort}`];
  return [
    `--data-dir=${dataDir}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=error',
  ];
}

/** No controller makes the `default` ServiceAccount that the plugin of that name would ask every pod for. */
const apiServerFlags = (options: ControlPlaneOptions, files: Files, etcdPort: number): readonly string[] => [
  `--etcd-servers=http://127.0.0.1:${etcdPort}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${options.port}`,
  `--advertise-address=${options.advertise}`,
  '--endpoint-reconciler-type=none',
  `--tls-cert-file=${files.cert}`,
  `--tls-private-key-file=${files.key}`,
  `--token-auth-file=${files.tokens}`,
  `--authentication-config=${files.authentication}`,
  `--authorization-mode=${options.authorization}`,
  '--disable-admission-plugins=ServiceAccount',
  `--service-account-key-file=${files.cert}`,
  `--service-account-signing-key-file=${files.key}`,
  '--service-account-issuer=https://kubernetes.default.svc',
  '--service-cluster-ip-range=10.96.0.0/16',
  ...(options.flags ?? []),
];

const startChild = (file: string, flags: readonly string[], stdio: StdioOptions): ChildProcess =>
  spawn('setpriv', ['--pdeathsig', 'KILL', '--', file, ...flags], { stdio });

async function endOf(child: ChildProcess, name: string): Promise<never> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  throw new Error(`${name} ended with ${signal ?? String(code)}`);
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), 3000);
  await once(child, 'exit');
  clearTimeout(kill);
}
