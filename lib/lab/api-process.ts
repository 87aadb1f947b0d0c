/** The process that `lab up` starts as API server: on loopback for people, on the fabric for the lab, until it is told to end. */
import { once } from 'node:events';
import { createLogger } from '../telemetry/log.ts';
import { readAccounts, readCertificate } from './access.ts';
import { startApiServer } from './apiserver/server.ts';
import { bindInNetns } from './fabric-socket.ts';
import { type Lab, openState } from './lab.ts';
import { startKubernetes } from './kubernetes.ts';
import { FABRIC_V4 } from './topology.ts';

/** What `serveApi` serves by: the embedded server, or a real kube-apiserver. */
interface ApiBackend {
  stop(): Promise<void>;
  /** Rejects when it ended by itself. */
  readonly ended?: Promise<never>;
}

/** Resolves after SIGTERM or SIGINT. Throws LabError when there is no lab in `dir`. */
export async function serveApi(dir: string): Promise<void> {
  const lab = await openState(dir);
  const fd = bindInNetns(`/${lab.layout.fabric.slice(1)}`, FABRIC_V4, lab.state.apiPort);
  const told = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const backend = await startBackend(lab, fd);
  try {
    await Promise.race([told, ...(backend.ended === undefined ? [] : [backend.ended])]);
  } finally {
    await backend.stop();
  }
}

async function startBackend({ layout, state }: Pick<Lab, 'layout' | 'state'>, fd: number): Promise<ApiBackend> {
  if (state.assets !== undefined) return startKubernetes(layout, state.assets, state.apiPort, fd);
  const accounts = await readAccounts(layout);
  return startApiServer({
    listeners: [{ host: '127.0.0.1', port: state.apiPort }, { fd }],
    crds: [],
    tls: await readCertificate(layout),
    snapshotFile: layout.snapshot,
    tokens: new Map(accounts.map(({ token, user, groups }) => [token, { name: user, groups }])),
    log: createLogger({ name: 'lab-apiserver' }),
  });
}
