import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Test, test } from 'tap';
import { servePlugin } from '../../../lib/agent/plugin-server.ts';
import { decodeReply, encodeRequest, type PluginRequest } from '../../../lib/api/plugin-wire.ts';

const request: PluginRequest = { env: { CNI_COMMAND: 'STATUS' }, stdin: Buffer.from('{"name":"x"}') };

async function startServer(t: Test, answer: (request: PluginRequest) => Promise<string>) {
  const directory = await mkdtemp(join(tmpdir(), 'warren-socket-'));
  const path = join(directory, 'run', 'agent.sock');
  const reply = async (asked: PluginRequest) => ({ exitCode: 0, stdout: Buffer.from(await answer(asked)) });
  const server = await servePlugin(path, reply, pino({ level: 'silent' }));
  t.teardown(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return { path, server };
}

async function send(path: string, ...parts: readonly Uint8Array[]): Promise<string> {
  const socket = connect(path);
  const answer = read(socket);
  answer.catch(() => undefined);
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return answer;
}

async function read(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  const decoded = decodeReply(Buffer.concat(chunks));
  return decoded.done ? Buffer.from(decoded.value.stdout).toString() : '';
}

test('a request is answered, in one piece or byte by byte', async (t) => {
  const { path } = await startServer(t, async ({ env, stdin }) => `${env['CNI_COMMAND']} ${stdin.length}`);
  const bytes = encodeRequest(request);
  t.equal(await send(path, bytes), 'STATUS 12');
  t.equal(await send(path, ...Array.from(bytes, (byte) => Uint8Array.of(byte))), 'STATUS 12');
});

test('the socket and its folder are for root alone', async (t) => {
  const { path } = await startServer(t, async () => '');
  t.equal((await stat(path)).mode & 0o777, 0o600);
  t.equal((await stat(join(path, '..'))).mode & 0o777, 0o700);
});

test('what is no request is hung up on, and the next one is answered', async (t) => {
  const { path } = await startServer(t, async () => 'ok');
  const huge = Buffer.alloc(12);
  huge.write('WRN1');
  huge.writeUInt32BE(0xffff_ffff, 4);
  for (const garbage of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), huge, Buffer.alloc(64)])
    t.equal(await send(path, garbage).catch(() => ''), '');
  const half = connect(path);
  const unanswered = read(half).catch(() => '');
  half.end(encodeRequest(request).subarray(0, 20));
  t.equal(await unanswered, '');
  t.equal(await send(path, encodeRequest(request)), 'ok');
});

test('stopping waits for the answer that is under way', async (t) => {
  const gate = Promise.withResolvers<string>();
  const { path, server } = await startServer(t, () => gate.promise);
  const answered = send(path, encodeRequest(request));
  await new Promise((resolve) => setTimeout(resolve, 30));
  let isStopped = false;
  const stopped = server.stop().then(() => (isStopped = true));
  await new Promise((resolve) => setTimeout(resolve, 30));
  t.equal(isStopped, false);
  gate.resolve('late');
  t.equal(await answered, 'late');
  await stopped;
});
