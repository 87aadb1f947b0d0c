// warren-controller as a process: its flags, its health endpoints, its end.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test, test } from 'tap';
import { leases } from '../../../lib/api/lease.ts';
import { eventually } from '../api-server.ts';
import { startCluster, type TestCluster } from './cluster.ts';

t.setTimeout(120_000);

const program = resolve(import.meta.dirname, '../../../cmd/controller/main.ts');

function run(
  t: Test,
  ...flags: string[]
): ChildProcess & { stderr: NodeJS.ReadableStream; stdout: NodeJS.ReadableStream } {
  const child = spawn(process.execPath, [program, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

function kubeconfigOf(t: Test, cluster: TestCluster): string {
  const file = resolve(t.testdir(), 'kubeconfig');
  writeFileSync(file, cluster.config.exportConfig());
  return file;
}

test('a wrong flag is one error on standard error, and nothing is started', async (t) => {
  const cases: [string[], RegExp][] = [
    [['--bogus'], /^warren-controller: Unknown argument: bogus; warren-controller --help lists the flags\n$/],
    [['serve'], /^warren-controller: Unknown argument: serve; /],
    [['--log-level', 'loud'], /^warren-controller: Invalid values:\n.*loud/],
    [['--endpoint-grace', 'soon'], /^warren-controller: --endpoint-grace: write a number of seconds from 0; /],
    [['--kubeconfig', '/nowhere'], /^warren-controller: cannot read \/nowhere: .*--kubeconfig\n$/],
  ];
  for (const [flags, message] of cases) {
    const child = run(t, ...flags);
    const [error, output] = await Promise.all([text(child.stderr), text(child.stdout), once(child, 'exit')]);
    t.match(error, message, flags.join(' '));
    t.same([output, child.exitCode], ['', 1]);
  }
});

test('an address that cannot be had ends it with an error that names the flag', async (t) => {
  const cluster = await startCluster(t);
  const flags = ['--kubeconfig', kubeconfigOf(t, cluster), '--log-level', 'error'];
  const child = run(t, ...flags, '--health-address', new URL(cluster.address).host);
  const [error] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  t.match(error, /^warren-controller: cannot listen on 127\.0\.0\.1:\d+: .*--health-address\n$/);
  t.equal(child.exitCode, 1);
});

test('it serves health and metrics, works, and on SIGTERM gives the lease back', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/8', 24);
  const flags = ['--kubeconfig', kubeconfigOf(t, cluster), '--namespace', 'default', '--health-address', '127.0.0.1:0'];
  const child = run(t, ...flags);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await eventually(
    () => log,
    (lines) => lines.includes('"started"'),
    30_000,
  );
  const { health } = JSON.parse(log.split('\n').find((line) => line.includes('"started"'))!) as { health: string };
  const ask = async (path: string) => (await fetch(`http://${health}${path}`)).status;
  t.equal(await ask('/healthz'), 200);
  await eventually(
    () => ask('/readyz'),
    (status) => status === 200,
  );
  await cluster.network('blue');
  await cluster.whenNetwork('blue', 'Ready', 'True');
  const metrics = await (await fetch(`http://${health}/metrics`)).text();
  t.match(metrics, 'warren_controller_leading 1');
  t.match(metrics, /warren_controller_reconcile_seconds_count\{kind="network",outcome="success"\} [1-9]/);
  const holder = async () =>
    (await cluster.client.get(leases, 'warren-controller', { namespace: 'default' })).spec.holderIdentity;
  t.ok(await holder());

  const refuse = cluster.faults.add({ kind: 'refuse' });
  await eventually(
    () => ask('/readyz'),
    (status) => status === 503,
  );
  t.equal(await ask('/healthz'), 200, 'a restart would not help');
  cluster.faults.remove(refuse.id);
  await eventually(
    () => ask('/readyz'),
    (status) => status === 200,
    30_000,
  );

  child.kill('SIGTERM');
  await once(child, 'exit');
  t.equal(child.exitCode, 0);
  t.notOk(await holder(), 'another can take over at once');
});
