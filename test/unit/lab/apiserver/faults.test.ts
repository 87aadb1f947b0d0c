// Every fault, whom it meets, and how it ends.
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { selfSignedCertificate } from '../../../../lib/lab/apiserver/tls.ts';
import { start, TOKEN, USER_TOKEN } from './start.ts';
import { names, talkTo, until, watch, WIDGETS, widget } from './talk.ts';

const LEASES = '/apis/coordination.k8s.io/v1/leases';

t.test('refuse: connections are reset until it ends', async (t) => {
  const { url, server } = await start(t);
  const talk = talkTo(url);
  const open = await watch(t, url, WIDGETS);
  const { id } = server.faults.add({ kind: 'refuse' });
  await t.rejects(talk('GET', WIDGETS));
  await until('the watch is cut', () => open.ended === 'broken');
  server.faults.remove(id);
  t.equal((await talk('GET', WIDGETS)).code, 200);
});

t.test('delay: answers are late, and right', async (t) => {
  const { url, server } = await start(t);
  server.faults.add({ kind: 'delay', milliseconds: 150 });
  const begin = performance.now();
  t.equal((await talkTo(url)('GET', WIDGETS)).code, 200);
  t.ok(performance.now() - begin >= 140);
});

t.test('error: the code, its reason and when to try again', async (t) => {
  const { url, server } = await start(t);
  const cases = [
    { code: 429, reason: 'TooManyRequests' },
    { code: 500, reason: 'InternalError' },
    { code: 503, reason: 'ServiceUnavailable' },
  ] as const;
  for (const { code, reason } of cases) {
    const { id } = server.faults.add({ kind: 'error', code, retryAfterSeconds: 7 });
    const response = await fetch(url + WIDGETS, { headers: { Authorization: `Bearer ${TOKEN}` } });
    t.match(await response.json(), { kind: 'Status', code, reason });
    t.equal(response.headers.get('retry-after'), code === 500 ? null : '7');
    server.faults.remove(id);
  }
});

t.test('error: only a part of the requests', async (t) => {
  const { url, server } = await start(t);
  server.faults.add({ kind: 'error', rate: 0.5 });
  const codes = await Promise.all(Array.from({ length: 60 }, async () => (await talkTo(url)('GET', WIDGETS)).code));
  t.ok(codes.includes(200) && codes.includes(500), `both kinds in ${codes.join(' ')}`);
});

t.test('stall: a watch sends nothing, then everything', async (t) => {
  const { url, server } = await start(t);
  const talk = talkTo(url);
  const open = await watch(t, url, WIDGETS);
  const { id } = server.faults.add({ kind: 'stall' });
  const during = await watch(t, url, WIDGETS);
  await talk('POST', WIDGETS, { body: widget('a') });
  t.equal((await talk('GET', WIDGETS)).code, 200, 'other requests are answered');
  await sleep(100);
  t.same([open.events, during.events, open.ended, during.ended], [[], [], undefined, undefined]);
  server.faults.remove(id);
  await until('what was held back', () => open.events.length === 1 && during.events.length === 1);
  t.same(names([...open.events, ...during.events]), ['ADDED a', 'ADDED a']);
});

t.test('drop: open watches are cut, new ones are not', async (t) => {
  const { url, server } = await start(t);
  const open = await watch(t, url, WIDGETS);
  server.faults.add({ kind: 'drop' });
  await until('the cut', () => open.ended === 'broken');
  const again = await watch(t, url, WIDGETS);
  await talkTo(url)('POST', WIDGETS, { body: widget('a') });
  await until('the event', () => again.events.length === 1);
  t.same(server.faults.list(), [], 'it is over at once');
});

t.test('refuse and drop over TLS: the connection ends in the middle', async (t) => {
  const tls = await selfSignedCertificate(['127.0.0.1']);
  const { url, server } = await start(t, { tls });
  const ask = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = { Authorization: `Bearer ${TOKEN}` };
      const request = httpsRequest(url + path, { ca: tls.cert, agent: false, headers }, (response) => {
        response
          .on('error', reject)
          .on('end', () => resolve('whole'))
          .resume();
      });
      request.on('error', reject).end();
    });
  const open = ask(`${WIDGETS}?watch=true`).catch(() => 'cut');
  await until('the watch is open', () => server.openWatches() === 1);
  server.faults.add({ kind: 'drop' });
  t.equal(await open, 'cut');
  const { id } = server.faults.add({ kind: 'refuse' });
  await t.rejects(ask(WIDGETS));
  server.faults.remove(id);
  t.equal(await ask(WIDGETS), 'whole');
});

t.test('expire: versions of before are gone, and open watches can be told', async (t) => {
  const { url, server } = await start(t);
  const talk = talkTo(url);
  const { body } = await talk('POST', WIDGETS, { body: widget('a') });
  const quiet = await watch(t, url, `${WIDGETS}?resourceVersion=${body.metadata['resourceVersion'] as string}`);
  server.faults.add({ kind: 'expire' });
  t.match(await talk('GET', `${WIDGETS}?watch=true&resourceVersion=${body.metadata['resourceVersion'] as string}`), {
    code: 200,
    body: { type: 'ERROR', object: { code: 410, reason: 'Expired' } },
  });
  await talk('POST', WIDGETS, { body: widget('b') });
  await until('an open watch goes on', () => quiet.events.length === 1);
  server.faults.add({ kind: 'expire', watches: true });
  await until('its end', () => quiet.ended === 'closed');
  t.match(quiet.events.at(-1), { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
});

t.test('a fault meets one user, or one resource', async (t) => {
  const { url, server } = await start(t);
  const talk = talkTo(url);
  server.faults.add({ kind: 'error', user: 'user', resource: 'widgets' });
  const code = async (path: string, token: string) => (await talk('GET', path, { token })).code;
  t.equal(await code(WIDGETS, USER_TOKEN), 500);
  t.equal(await code(WIDGETS, TOKEN), 200, 'another user');
  t.equal(await code(LEASES, USER_TOKEN), 200, 'another resource');
  t.equal(await code('/api', USER_TOKEN), 200, 'no resource');
});

t.test('a fault ends by itself', async (t) => {
  const { url, server } = await start(t);
  server.faults.add({ kind: 'error', durationSeconds: 0.1 });
  t.equal((await talkTo(url)('GET', WIDGETS)).code, 500);
  await until('its end', () => server.faults.list().length === 0);
  t.equal((await talkTo(url)('GET', WIDGETS)).code, 200);
});

t.test('faults are made and ended over HTTP, also while one refuses everything', async (t) => {
  const { url, server } = await start(t);
  const talk = talkTo(url);
  const made = await talk('POST', '/lab/faults', { body: { kind: 'refuse', durationSeconds: 60 } });
  t.match(made, { code: 201, body: { kind: 'refuse', id: /./ } });
  await t.rejects(talk('GET', WIDGETS));
  t.match(await talk('GET', '/lab/faults'), { code: 200, body: { items: [{ kind: 'refuse' }] } });
  t.match(await talk('DELETE', `/lab/faults/${made.body['id'] as string}`), { code: 200, body: { items: [] } });
  t.equal((await talk('GET', WIDGETS)).code, 200);
  t.equal((await talk('DELETE', '/lab/faults/none')).code, 404);
  server.faults.add({ kind: 'delay', milliseconds: 1 });
  t.equal((await talk('DELETE', '/lab/faults')).code, 200);
  t.same(server.faults.list(), []);
});

t.test('a fault that makes no sense is refused by name', async (t) => {
  const { url } = await start(t);
  const talk = talkTo(url);
  const cases = [
    [{ kind: 'flood' }, /kind/],
    [{ kind: 'delay' }, /milliseconds/],
    [{ kind: 'error', code: 404 }, /code/],
    [{ kind: 'error', rate: 2 }, /rate/],
    [{ kind: 'stall', node: 'n1' }, /node/],
  ] as const;
  for (const [body, message] of cases)
    t.match(await talk('POST', '/lab/faults', { body }), { code: 400, body: { message } });
  t.equal(
    (await talk('POST', '/lab/faults', { body: { kind: 'drop' }, token: USER_TOKEN })).code,
    403,
    'not for everybody',
  );
});
