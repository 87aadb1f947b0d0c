/** A real kube-apiserver with its etcd in place of the embedded API server (`KUBEBUILDER_ASSETS`, as controller-runtime has it). */
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { readAccounts, readCertificate } from './access.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import type { LabLayout } from './layout.ts';
import { FABRIC_V4 } from './topology.ts';

/** What comes in on `fabricFd` is passed on to the port on loopback. Everybody with a token may do everything, as with the embedded server. */
export async function startKubernetes(
  layout: LabLayout,
  assets: string,
  port: number,
  fabricFd: number,
): Promise<ControlPlane> {
  const { ended, stop } = await startControlPlane({
    assets,
    dir: layout.api,
    port,
    advertise: FABRIC_V4,
    certificate: await readCertificate(layout),
    accounts: await readAccounts(layout),
    authorization: 'AlwaysAllow',
    log: 'inherit',
  });
  const relay = await startRelay(fabricFd, port);
  return {
    ended,
    stop: async () => {
      relay.close();
      await stop();
    },
  };
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
