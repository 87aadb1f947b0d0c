/** Sends a packet through the tunnel to each other node and waits for what comes back. */
import { createSocket } from 'node:dgram';
import type { NodePeer } from '../../lib/api/node-peer.ts';
import type { ReachSeen } from '../../lib/ctl/doctor-node.ts';
import { gatewayAddress } from '../../lib/gateway/desired.ts';
import { family, type IpAddress } from '../../lib/net/address.ts';

/** Nothing listens there (discard, RFC 863): the other node's kernel answers "port unreachable", which is all that is wanted. */
const CLOSED_PORT = 9;
const WAIT_MS = 1000;
const ATTEMPTS = 3;
/** What IP and UDP add to a datagram. */
const HEADERS = { 4: 28, 6: 48 } as const;

/** `mtu`: of the tunnel, bytes. */
export async function reachPeers(peers: readonly NodePeer[], self: string, mtu: number): Promise<readonly ReachSeen[]> {
  const others = peers.filter((peer) => peer.metadata.name !== self && peer.status.vteps.length > 0);
  return Promise.all(others.map((peer) => reach(peer, mtu)));
}

async function reach({ metadata, spec, status }: NodePeer, mtu: number): Promise<ReachSeen> {
  const [subnet] = spec.gatewaySubnets;
  const address = subnet === undefined ? undefined : gatewayAddress(subnet);
  const seen = { node: metadata.name, address, vtep: status.vteps[0] ?? '', size: mtu };
  if (address === undefined) return { ...seen, small: false, full: false };
  const small = await answers(address, 1);
  const full = small && (await answers(address, mtu - HEADERS[family(address)]));
  return { ...seen, small, full };
}

async function answers(address: IpAddress, payload: number): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) if (await answersOnce(address, payload)) return true;
  return false;
}

/** True when the other side's kernel said that nobody listens there. */
function answersOnce(address: IpAddress, payload: number): Promise<boolean> {
  const socket = createSocket(family(address) === 4 ? 'udp4' : 'udp6');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), WAIT_MS);
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  socket.on('message', () => resolve(true));
  socket.connect(CLOSED_PORT, address, () => socket.send(Buffer.alloc(payload)));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}
