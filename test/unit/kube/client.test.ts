// The client against the lab's API server over real HTTP: calls, refusals, and servers that misbehave.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { type Test, test } from 'tap';
import { pods } from '../../../lib/api/core.ts';
import { networkClaims } from '../../../lib/api/network-claim.ts';
import { networks } from '../../../lib/api/network.ts';
import { ApiError } from '../../../lib/kube/error.ts';
import { createKubeClient } from '../../../lib/kube/http-client.ts';
import { startTestApi } from '../api-server.ts';

/** What a call that must fail failed with. */
async function refusal(call: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  if (error instanceof ApiError) return error;
  throw new Error('the call did not fail with an ApiError', { cause: error });
}

const blue = { metadata: { name: 'blue' }, spec: { subnets: [{ cidr: '10.1.0.0/24' }] } };

test('create, get, list, patch and delete', async (t) => {
  const { client } = await startTestApi(t);
  const created = await client.create(networks, blue);
  t.match(created, { kind: 'Network', metadata: { name: 'blue', uid: /./ }, spec: { encrypted: false } });
  t.same(await client.get(networks, 'blue'), created);

  const patched = await client.patch(networks, 'blue', { spec: { mtu: 1400 } });
  t.match(patched.spec, { mtu: 1400, subnets: [{ cidr: '10.1.0.0/24' }] });
  const status = await client.patch(networks, 'blue', { status: { vni: 4097 } }, { subresource: 'status' });
  t.equal(status.status.vni, 4097);
  t.equal(
    (await client.patch(networks, 'blue', { status: { vni: 5000 } })).status.vni,
    4097,
    'not by the main resource',
  );

  const listed = await client.list(networks);
  t.same([listed.items.length, listed.unreadable], [1, []]);
  t.match(listed.resourceVersion, /^\d+$/);
  t.equal(await client.delete(networks, 'blue'), true);
  t.equal(await client.delete(networks, 'blue'), false, 'it was not there');
});

test('a list longer than a page comes whole, and selectors choose from it', async (t) => {
  const { client } = await startTestApi(t);
  for (let i = 0; i < 25; i++) {
    const labels = { color: i % 2 === 0 ? 'even' : 'odd' };
    await client.create(networks, { metadata: { name: `net-${i}`, labels }, spec: {} });
  }
  t.equal((await client.list(networks, { limit: 10 })).items.length, 25);
  t.equal((await client.list(networks, { limit: 10, labelSelector: 'color=odd' })).items.length, 12);
  t.same(
    (await client.list(networks, { fieldSelector: 'metadata.name=net-7' })).items.map((item) => item.metadata.name),
    ['net-7'],
  );
});

test('namespaced kinds are read in one namespace or in all', async (t) => {
  const { client } = await startTestApi(t);
  const pod = { metadata: { name: 'web' }, spec: { containers: [{ name: 'web', image: 'web' }] } };
  for (const namespace of ['default', 'kube-system']) await client.create(pods, pod, { namespace });
  t.equal((await client.get(pods, 'web', { namespace: 'default' })).metadata.namespace, 'default');
  t.equal((await client.list(pods, { namespace: 'default' })).items.length, 1);
  t.equal((await client.list(pods)).items.length, 2);
});

test('refusals carry the server’s reason', async (t) => {
  const { client, faults } = await startTestApi(t);
  const created = await client.create(networks, blue);
  const stale = { metadata: { resourceVersion: '1' }, spec: { mtu: 1400 } };
  const invalid = { metadata: { name: 'bad' }, spec: { mtu: 1 } };
  const cases: [string, () => Promise<unknown>, { status: number; reason: string; retryable: boolean }][] = [
    ['absent', () => client.get(networks, 'x'), { status: 404, reason: 'NotFound', retryable: false }],
    ['present', () => client.create(networks, blue), { status: 409, reason: 'AlreadyExists', retryable: false }],
    [
      'older version',
      () => client.patch(networks, 'blue', stale),
      { status: 409, reason: 'Conflict', retryable: true },
    ],
    ['bad spec', () => client.create(networks, invalid), { status: 422, reason: 'Invalid', retryable: false }],
  ];
  for (const [name, call, expected] of cases) t.match(await refusal(call()), expected, name);
  t.equal(await client.delete(networks, 'blue', { uid: 'another' }), false, 'another object of that name');
  t.equal(await client.delete(networks, 'blue', { uid: created.metadata.uid }), true);

  for (const [code, reason] of [
    [429, 'TooManyRequests'],
    [500, 'InternalError'],
    [503, 'ServiceUnavailable'],
  ] as const) {
    const fault = faults.add({ kind: 'error', code });
    t.match(await refusal(client.get(networks, 'blue')), { status: code, reason, retryable: true });
    faults.remove(fault.id);
  }
});

test('a server that resets connections is unreachable; the same client works when it is back', async (t) => {
  const { client, faults } = await startTestApi(t);
  await client.list(networks);
  const fault = faults.add({ kind: 'refuse' });
  t.match(await refusal(client.list(networks)), { status: 0, reason: 'Unreachable', retryable: true });
  faults.remove(fault.id);
  await t.resolves(client.list(networks));
});

test('a call ends at its deadline or when its caller gives up', async (t) => {
  const { client, faults } = await startTestApi(t);
  faults.add({ kind: 'delay', milliseconds: 500 });
  t.match(await refusal(client.get(networks, 'x', { timeoutMs: 50 })), {
    reason: 'Timeout',
    retryable: true,
    message: /networks\/x: no answer within 50 ms/,
  });
  const giveUp = new AbortController();
  const call = client.get(networks, 'x', { signal: giveUp.signal });
  giveUp.abort();
  t.match(await refusal(call), { reason: 'Aborted', retryable: false });
  t.match(await refusal(client.get(networks, 'x', { signal: AbortSignal.abort() })), { reason: 'Aborted' });
});

test('a wrong token is refused', async (t) => {
  const { address } = await startTestApi(t);
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'c', server: address, skipTLSVerify: true }, { name: 'u', token: 'wrong' });
  const client = createKubeClient(config);
  t.teardown(() => client.close());
  t.match(await refusal(client.list(networks)), { status: 401, reason: 'Unauthorized', retryable: false });
});

test('an object that is none of its kind is set aside in lists and refused by get', async (t) => {
  const { client } = await startTestApi(t);
  const holder = { kind: 'Network', name: 'blue', uid: 'u' };
  await client.create(networkClaims, { metadata: { name: 'vni.4097' }, spec: { value: '4097', holder } });
  const stricter = {
    ...networkClaims,
    schema: networkClaims.schema.refine((claim) => claim.spec.value !== '4097', { path: ['spec'], message: 'is odd' }),
  };
  const { items, unreadable } = await client.list(stricter);
  t.same(items, []);
  t.match(unreadable, [{ name: 'vni.4097', uid: /./, error: 'spec: is odd' }]);
  t.match(await refusal(client.get(stricter, 'vni.4097')), {
    reason: 'Unreadable',
    message: /vni\.4097: spec: is odd/,
  });
});

/** A client of a server that answers as the test says. */
async function scripted(t: Test, listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const config = new KubeConfig();
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  config.loadFromClusterAndUser({ name: 'c', server: address, skipTLSVerify: true }, { name: 'u', token: 'x' });
  const client = createKubeClient(config);
  t.teardown(() => {
    client.close();
    server.close();
    server.closeAllConnections();
  });
  return client;
}

const answer = JSON.stringify({
  apiVersion: 'warren.dev/v1alpha1',
  kind: 'Network',
  metadata: { name: 'blue', uid: 'u', resourceVersion: '1' },
});

test('answers that make no sense are errors, never exceptions out of nowhere', async (t) => {
  const cases: [string, RequestListener, object][] = [
    ['no JSON', (_, response) => response.end('<html>proxy</html>'), { reason: 'Unreadable' }],
    [
      'half an answer',
      (_, response) =>
        void response.writeHead(200, { 'content-length': 500 }).write('{"kind"', () => response.destroy()),
      { status: 0 },
    ],
    [
      'an error page',
      (_, response) => void response.writeHead(502).end('bad gateway'),
      { status: 502, retryable: true },
    ],
    ['another kind', (_, response) => response.end('{"kind":"Pod"}'), { reason: 'Unreadable' }],
    ['nothing', (_, response) => response.destroy(), { reason: 'Unreachable' }],
    [
      'a redirect',
      (_, response) => void response.writeHead(302, { location: '/' }).end(),
      { status: 302, retryable: false },
    ],
  ];
  for (const [name, listener, expected] of cases) {
    const client = await scripted(t, listener);
    t.match(await refusal(client.get(networks, 'blue')), expected, name);
  }
});

test('a connection that the server closes while idle costs no call', async (t) => {
  let connections = 0;
  const client = await scripted(t, (request, response) => {
    const isSecondOnConnection = (request.socket as { seen?: boolean }).seen === true;
    if (!isSecondOnConnection) connections++;
    (request.socket as { seen?: boolean }).seen = true;
    if (isSecondOnConnection) request.socket.resetAndDestroy();
    else response.end(answer);
  });
  for (let i = 0; i < 5; i++) await t.resolves(client.get(networks, 'blue'), `call ${i}`);
  t.equal(connections, 5);
});

test('calls share kept-alive connections', async (t) => {
  const sockets = new Set();
  const client = await scripted(t, (request, response) => {
    sockets.add(request.socket);
    response.end(answer);
  });
  for (let i = 0; i < 20; i++) await client.get(networks, 'blue');
  t.equal(sockets.size, 1);
});
