/** CNI conformance of the plugin's own side of a call: C1, X3, X4, and agents that are slow. The peer is a socket of the test's. */
import { spawn } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { decodeRequest, encodeReply, type PluginRequest } from '../../../lib/api/plugin-wire.ts';
import { ensurePlugin, errorOf, PLUGIN, runPlugin } from './plugin.ts';
import { temporaryDir } from './temporary-dir.ts';

ensurePlugin();

const env = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/c1', CNI_IFNAME: 'eth0' };

/** A listener that hands each complete request, and the socket to answer it on, to the test. */
async function listen(t: Test, onRequest: (request: PluginRequest, socket: Socket) => void) {
  const agentSocket = join(temporaryDir(t), 'agent.sock');
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const chunks: Buffer[] = [];
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const decoded = decodeRequest(Buffer.concat(chunks));
      if (decoded.done) onRequest(decoded.value, socket);
    });
  });
  await new Promise<void>((listening) => server.listen(agentSocket, listening));
  t.teardown(() => server.close());
  return JSON.stringify({ cniVersion: '1.1.0', name: 'warren', type: 'warren', agentSocket });
}

const reply = (exitCode: number, stdout: string): Uint8Array => encodeReply({ exitCode, stdout: Buffer.from(stdout) });

test('C1, C2: what the agent answers comes out unchanged, with its exit code', async (t) => {
  const answers: [number, string][] = [
    [0, '{"cniVersion":"1.1.0","ips":[]}'],
    [0, ''],
    [1, '{"cniVersion":"1.1.0","code":100,"msg":"no network \\u00e4"}'],
    [3, 'ä\0'],
  ];
  const queue = [...answers];
  const stdin = await listen(t, (_request, socket) => socket.end(reply(...(queue.shift() ?? [0, '']))));
  for (const [status, stdout] of answers) t.strictSame(await runPlugin({ env, stdin }), { status, stdout, stderr: '' });
});

test('the request carries the environment of CNI and stdin as they are', async (t) => {
  const seen: PluginRequest[] = [];
  const base = await listen(t, (request, socket) => {
    seen.push(request);
    socket.end(reply(0, ''));
  });
  const stdin = ` ${base}\n`;
  await runPlugin({ env: { ...env, CNI_ARGS: 'A=ü;B=', CNI_PATH: '/opt/cni/bin', HOME: '/root' }, stdin });
  t.strictSame(seen[0]?.env, { ...env, CNI_ARGS: 'A=ü;B=', CNI_PATH: '/opt/cni/bin' });
  t.equal(Buffer.from(seen[0]?.stdin ?? []).toString(), stdin);
});

test('X3: megabytes pass both ways', async (t) => {
  const big = JSON.stringify({ pad: 'y'.repeat(4_000_000) });
  const lengths: number[] = [];
  const stdin = await listen(t, (request, socket) => {
    lengths.push(request.stdin.length);
    socket.end(reply(0, big));
  });
  const padded = stdin.replace('{', `{"pad":"${'x'.repeat(8_000_000)}",`);
  t.equal((await runPlugin({ env, stdin: padded })).stdout, big);
  t.strictSame(lengths, [padded.length]);
});

test('a reply that arrives byte by byte is put together', async (t) => {
  const stdin = await listen(t, (_request, socket) => {
    void (async () => {
      for (const byte of reply(0, '{"a":1}')) {
        socket.write(Uint8Array.of(byte));
        await new Promise((wait) => setTimeout(wait, 2));
      }
      socket.end();
    })();
  });
  t.strictSame(await runPlugin({ env, stdin }), { status: 0, stdout: '{"a":1}', stderr: '' });
});

test('an agent that never answers is given up after five seconds by STATUS', async (t) => {
  const stdin = await listen(t, () => undefined);
  const start = performance.now();
  const answer = await runPlugin({ env: { CNI_COMMAND: 'STATUS' }, stdin });
  t.match(errorOf(answer), { code: 50, msg: /did not answer in time/ });
  const seconds = (performance.now() - start) / 1000;
  t.ok(seconds > 4.5 && seconds < 12, `${seconds} s`);
});

test('X4: killed while it waits, it leaves nobody behind who holds stdout, stderr or the socket', async (t) => {
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const connected = Promise.withResolvers<Socket>();
    const stdin = await listen(t, (_request, socket) => connected.resolve(socket));
    const child = spawn(PLUGIN, [], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.end(stdin);
    const socket = await connected.promise;
    const socketEnd = new Promise((ended) => socket.on('end', ended));
    const pipesClosed = new Promise((closed) => child.on('close', closed));
    child.stdout.resume();
    child.stderr.resume();
    child.kill(signal);
    await Promise.all([socketEnd, pipesClosed]);
    t.equal(child.signalCode, signal);
    socket.destroy();
  }
});
