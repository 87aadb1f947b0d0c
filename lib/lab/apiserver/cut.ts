/** Ends a connection as a failing network does: at once and without a word. */
import type { ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';

/** TCP RST; over TLS, whose sockets cannot be reset, a close in the middle of the stream. */
export function cutConnection({ socket }: ServerResponse): void {
  if (socket === null) return;
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
