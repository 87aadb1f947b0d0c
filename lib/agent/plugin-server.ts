/** The unix socket that the plugin talks to: one request, one reply. Root only; whatever arrives is hostile until decoded. */
import { mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { decodeRequest, encodeReply, type PluginReply, type PluginRequest } from '../api/plugin-wire.ts';
import type { Logger } from '../telemetry/log.ts';

/** A request is a few kilobytes from a process on this machine. */
const RECEIVE_TIMEOUT_MS = 10_000;

export interface PluginServer {
  /** Takes no new requests and resolves once those under way are answered. */
  stop(): Promise<void>;
}

/** `answer` must not throw. The caller holds the state folder's lock, so a socket file that is there is a dead agent's. */
export async function servePlugin(
  path: string,
  answer: (request: PluginRequest) => Promise<PluginReply>,
  log: Logger,
): Promise<PluginServer> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await rm(path, { force: true });
  const underWay = new Set<Promise<void>>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const work = serveOne(socket, answer).catch((error: unknown) => {
      log.warn({ err: error }, 'a plugin connection ended early');
      socket.destroy();
    });
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  });
  await listen(server, path);
  return {
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all(underWay);
      await closed;
    },
  };
}

/** The socket is never there with wider permissions than 0600: bind(2) happens inside `listen`. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o177);
    server.listen(path, () => resolve());
    process.umask(before);
  });
}

async function serveOne(socket: Socket, answer: (request: PluginRequest) => Promise<PluginReply>): Promise<void> {
  const request = await receive(socket);
  // The plugin may be killed while it waits: then nobody reads the reply, which is no error of ours.
  socket.on('error', () => undefined);
  const reply = encodeReply(await answer(request));
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.end(reply, () => resolve());
  });
}

function receive(socket: Socket): Promise<PluginRequest> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let total = 0;
    let needed = 0;
    const timer = setTimeout(() => reject(new Error('no complete request within 10 s')), RECEIVE_TIMEOUT_MS);
    const finish = (end: () => void): void => {
      clearTimeout(timer);
      socket.removeAllListeners('data').removeAllListeners('error').removeAllListeners('end');
      end();
    };
    socket.on('error', (error) => finish(() => reject(error)));
    socket.on('end', () => finish(() => reject(new Error('the connection ended inside a request'))));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      total += chunk.length;
      if (total < needed) return;
      try {
        const decoded = decodeRequest(chunks.length === 1 ? chunk : Buffer.concat(chunks));
        if (decoded.done) finish(() => resolve(decoded.value));
        else needed = decoded.needed;
      } catch (error) {
        finish(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
    });
  });
}
