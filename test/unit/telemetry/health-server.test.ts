// The health server over real HTTP: probes, metrics, and addresses that cannot be had.
import { test } from 'tap';
import { parseListenAddress, startHealthServer } from '../../../lib/telemetry/health-server.ts';
import { createMetrics } from '../../../lib/telemetry/metrics.ts';

const fine = { health: () => ({}), readiness: () => ({}) };

test('probes answer 200, or 503 with what is wrong', async (t) => {
  let problem: Record<string, string> = {};
  const probes = { health: () => ({}), readiness: () => problem };
  const server = await startHealthServer('127.0.0.1:0', probes, createMetrics());
  t.teardown(() => server.close());
  const ask = async (path: string) => {
    const response = await fetch(`http://${server.address}${path}`);
    return { status: response.status, text: await response.text() };
  };
  t.same(await ask('/healthz'), { status: 200, text: 'ok\n' });
  t.same(await ask('/readyz?verbose'), { status: 200, text: 'ok\n' });
  problem = { api: 'not reached for 61 s', journal: 'disk full' };
  t.same(await ask('/readyz'), { status: 503, text: 'api: not reached for 61 s\njournal: disk full\n' });
  t.equal((await ask('/healthz')).status, 200, 'not ready is not unhealthy');
  t.equal((await ask('/secrets')).status, 404);
});

test('metrics are in the Prometheus text format, with ours and the process in them', async (t) => {
  const metrics = createMetrics();
  const added = metrics.histogram({ name: 'cni_seconds', help: 'Time of a CNI call.', labels: ['command'] });
  metrics.gauge({ name: 'endpoints', help: 'Endpoints on this node.', collect: () => 3 });
  const failures = metrics.counter({ name: 'failures_total', help: 'Failures.' });
  added.observe({ command: 'ADD' }, 0.004);
  failures.inc();
  const server = await startHealthServer('127.0.0.1:0', fine, metrics);
  t.teardown(() => server.close());
  const response = await fetch(`http://${server.address}/metrics`);
  const text = await response.text();
  t.match(response.headers.get('content-type'), 'text/plain; version=0.0.4');
  for (const line of [
    'warren_cni_seconds_bucket{le="0.005",command="ADD"} 1',
    'warren_cni_seconds_bucket{le="0.0025",command="ADD"} 0',
    'warren_endpoints 3',
    'warren_failures_total 1',
    'process_resident_memory_bytes',
  ]) {
    t.match(text, line);
  }
});

test('an address that is taken or malformed is named in the error, with the flag that changes it', async (t) => {
  const first = await startHealthServer('127.0.0.1:0', fine, createMetrics());
  t.teardown(() => first.close());
  await t.rejects(startHealthServer(first.address, fine, createMetrics()), {
    message: new RegExp(`cannot listen on ${first.address}: .*EADDRINUSE.*--health-address`),
  });
  await t.rejects(startHealthServer('nowhere', fine, createMetrics()), {
    message: /"nowhere" is not an address.*:8080/,
  });
});

test('addresses to listen on', async (t) => {
  const cases: [string, { host: string | undefined; port: number } | undefined][] = [
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    [':8080', { host: undefined, port: 8080 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['localhost:65535', { host: 'localhost', port: 65_535 }],
    ['127.0.0.1:65536', undefined],
    ['127.0.0.1', undefined],
    ['::1:8080', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of cases) t.same(parseListenAddress(text), expected, text);
});
