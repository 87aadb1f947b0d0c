/** A TCP port on loopback for a server that is started next. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Free now; that it stays free is likely, since the kernel hands out others first. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
