/**
 * Sockets on loan. After a deletion the kernel makes whoever closes an nfnetlink socket wait for an RCU grace period, 10 to 20 ms, and
 * everybody else's transaction with him: the host's socket is kept, any other closed when that has passed.
 */
import type { NetnsRef } from '../../dataplane/object.ts';
import type { RunInNetns } from './contract.ts';
import { NetfilterSocket } from './netfilter-socket.ts';

/** Not longer, since an open socket keeps its namespace alive. */
const GRACE_MS = 200;

export interface SocketLease extends Disposable {
  readonly socket: NetfilterSocket;
}

/** Disposing the lease gives the socket back. */
export function socketLeases(): (netns: NetnsRef, run: RunInNetns) => SocketLease {
  const idle: NetfilterSocket[] = [];
  return (netns, run) => {
    const socket = (netns === 'host' ? idle.pop() : undefined) ?? run(() => new NetfilterSocket());
    const giveBack = (): void => {
      if (netns === 'host') idle.push(socket);
      else setTimeout(() => socket.close(), GRACE_MS).unref();
    };
    return { socket, [Symbol.dispose]: giveBack };
  };
}
