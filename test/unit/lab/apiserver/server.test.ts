// The server as such: who may call, over what, how much, and how it ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { resolve } from 'node:path';
import t from 'tap';
import * as z from 'zod';
import { startApiServer } from '../../../../lib/lab/apiserver/server.ts';
import { selfSignedCertificate } from '../../../../lib/lab/apiserver/tls.ts';
import { silentLogger } from '../../../../lib/telemetry/log.ts';
import { start, TOKEN } from './start.ts';
import { talkTo, until, watch, WIDGETS, widget } from './talk.ts';

t.test('nobody gets in without a token, but health can be asked', async (t) => {
  const { url } = await start(t);
  const talk = talkTo(url);
  for (const token of ['', 'wrong', `${TOKEN}x`]) {
    t.match(await talk('GET', '/api', { token }), {
      code: 401,
      body: { reason: 'Unauthorized', message: 'Unauthorized' },
    });
  }
  for (const path of ['/healthz', '/livez', '/readyz']) t.equal(await (await fetch(url + path)).text(), 'ok');
});

t.test('several listeners serve one state, an inherited socket among them', async (t) => {
  const socket = createSocketServer().listen(0, '127.0.0.1');
  await until('it listens', () => socket.listening);
  const { port } = socket.address() as AddressInfo;
  // Node has no public name for the descriptor.
  const { fd } = z.object({ _handle: z.object({ fd: z.number() }) }).parse(socket)._handle;
  const child = spawn(process.execPath, [resolve(import.meta.dirname, 'fixtures/serve-inherited.ts')], {
    stdio: ['pipe', 'pipe', 'inherit', fd],
  });
  t.teardown(() => child.kill());
  const [addresses] = (await once(child.stdout!, 'data')) as [Buffer];
  // From here on the child alone accepts.
  socket.close();
  const [own, inherited] = JSON.parse(addresses.toString()) as [string, string];
  t.equal(inherited, `http://127.0.0.1:${port}`);
  await talkTo(own)('POST', WIDGETS, { body: widget('a') });
  t.equal((await talkTo(inherited)('GET', `${WIDGETS}/a`)).code, 200);
});

t.test('an address that is taken is an error, and nothing is left open', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await until('it listens', () => taken.listening);
  t.teardown(() => taken.close());
  const { port } = taken.address() as { port: number };
  const listeners = [
    { host: '127.0.0.1', port: 0 },
    { host: '127.0.0.1', port },
  ];
  await t.rejects(startApiServer({ listeners, crds: [], tokens: new Map(), log: silentLogger }), {
    code: 'EADDRINUSE',
  });
});

t.test('over TLS, with a certificate that clients can check', async (t) => {
  const tls = await selfSignedCertificate(['127.0.0.1', 'lab.example']);
  const { url } = await start(t, { tls });
  t.match(url, /^https:/);
  const get = (ca: string | undefined, servername?: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const options = {
        headers: { Authorization: `Bearer ${TOKEN}` },
        agent: false,
        ...(ca && { ca }),
        ...(servername && { servername }),
      };
      httpsRequest(`${url}/version`, options, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
  t.equal(await get(tls.cert), 200);
  t.equal(await get(tls.cert, 'lab.example'), 200);
  await t.rejects(get(undefined), 'nobody else vouches for it');
  await t.rejects(get(tls.cert, 'other.example'), 'for no other name');
});

t.test('a body that is too large is refused', async (t) => {
  const { url } = await start(t);
  const body = widget('a', {}, { color: 'red', extra: { text: 'x'.repeat(3 * 1024 * 1024) } });
  t.match(await talkTo(url)('POST', WIDGETS, { body }), { code: 413, body: { reason: 'RequestEntityTooLarge' } });
});

t.test('a key __proto__ is no field', async (t) => {
  const { url } = await start(t);
  const raw =
    '{"apiVersion":"test.warren.dev/v1","kind":"Widget","metadata":{"name":"a"},"spec":{"color":"red","extra":{"__proto__":{"x":1},"\\u005f_proto__":{"y":1}}}}';
  const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };
  const response = await fetch(url + WIDGETS, { method: 'POST', headers, body: raw });
  t.equal(response.status, 201);
  t.same(((await response.json()) as { spec: { extra: unknown } }).spec.extra, {});
});

t.test('stopping ends watches and frees the address', async (t) => {
  const { url, server } = await start(t);
  const open = await watch(t, url, WIDGETS);
  await server.stop();
  await until('the watch ends', () => open.ended !== undefined);
  await t.rejects(fetch(url), 'nobody listens');
});
