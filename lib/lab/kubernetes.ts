/** A real kube-apiserver with its etcd in place of the embedded API server (`KUBEBUILDER_ASSETS`, as controller-runtime has it). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { readAccounts, readCertificate } from './access.ts';
import { freePort } from './free-port.ts';
import type { LabLayout } from './layout.ts';
import { FABRIC_V4 } from './topology.ts';

export interface Kubernetes {
  readonly ended: Promise<never>;
  stop(): Promise<void>;
}

/** `assets` holds `etcd` and `kube-apiserver`. What comes in on `fabricFd` is passed on to the port on loopback. */
export async function startKubernetes(
  layout: LabLayout,
  assets: string,
  port: number,
  fabricFd: number,
): Promise<Kubernetes> {
  const files = await writeFiles(layout);
  const etcdPort = await freePort();
  const etcd = startChild(join(assets, 'etcd'), etcdFlags(join(layout.api, 'etcd'), etcdPort, await freePort()));
  const apiServer = startChild(join(assets, 'kube-apiserver'), apiServerFlags(files, port, etcdPort));
  const relay = await startRelay(fabricFd, port);
  return {
    ended: Promise.race([endOf(etcd, 'etcd'), endOf(apiServer, 'kube-apiserver')]),
    stop: async () => {
      relay.close();
      for (const child of [apiServer, etcd]) await stopChild(child);
    },
  };
}

interface Files {
  readonly cert: string;
  readonly key: string;
  readonly tokens: string;
}

async function writeFiles(layout: LabLayout): Promise<Files> {
  const files = {
    cert: join(layout.api, 'tls.crt'),
    key: join(layout.api, 'tls.key'),
    tokens: join(layout.api, 'tokens.csv'),
  };
  const { cert, key } = await readCertificate(layout);
  const tokens = (await readAccounts(layout)).map(
    ({ token, user, groups }) => `${token},${user},${user},"${groups.join(',')}"\n`,
  );
  await mkdir(join(layout.api, 'etcd'), { recursive: true, mode: 0o700 });
  await writeFile(files.cert, cert, { mode: 0o600 });
  await writeFile(files.key, key, { mode: 0o600 });
  await writeFile(files.tokens, tokens.join(''), { mode: 0o600 });
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

/** Everybody with a token may do everything, as with the embedded server. No kubelet, hence no service account tokens. */
const apiServerFlags = ({ cert, key, tokens }: Files, port: number, etcdPort: number): readonly string[] => [
  `--etcd-servers=http://127.0.0.1:${etcdPort}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${port}`,
  `--advertise-address=${FABRIC_V4}`,
  '--endpoint-reconciler-type=none',
  `--tls-cert-file=${cert}`,
  `--tls-private-key-file=${key}`,
  `--token-auth-file=${tokens}`,
  '--authorization-mode=AlwaysAllow',
  '--disable-admission-plugins=ServiceAccount',
  `--service-account-key-file=${cert}`,
  `--service-account-signing-key-file=${key}`,
  '--service-account-issuer=https://kubernetes.default.svc',
  '--service-cluster-ip-range=10.96.0.0/16',
];

/** Output goes to our own log. It ends when we do, however we end. */
const startChild = (file: string, flags: readonly string[]): ChildProcess =>
  spawn('setpriv', ['--pdeathsig', 'KILL', '--', file, ...flags], { stdio: ['ignore', 'inherit', 'inherit'] });

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

/** Bytes pass both ways as they come, TLS and all. */
async function startRelay(fd: number, port: number): Promise<Server> {
  const relay = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  relay.listen({ fd });
  await once(relay, 'listening');
  return relay;
}
