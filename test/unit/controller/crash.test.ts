// A controller that is killed: real processes, SIGKILL, and what the next start makes of what is left.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t, { test } from 'tap';
import { settled, startCluster } from './cluster.ts';

/** Real servers and processes on a machine that also does other things. */
t.setTimeout(300_000);

const program = resolve(import.meta.dirname, '../../../cmd/controller/main.ts');

test('killed at any moment, the next start finishes what was begun', async (t) => {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/8', 24);
  await cluster.pool('gateway', '172.20.0.0/14', 24, 'gateway');
  const kubeconfig = resolve(t.testdir(), 'kubeconfig');
  writeFileSync(kubeconfig, cluster.config.exportConfig());
  const start = () => {
    const child = spawn(process.execPath, [
      program,
      '--kubeconfig',
      kubeconfig,
      '--no-leader-elect',
      '--log-level',
      'error',
    ]);
    t.teardown(() => child.kill('SIGKILL'));
    return child;
  };
  let created = 0;
  for (let crash = 0; crash < 6; crash++) {
    const child = start();
    for (let i = 0; i < 10; i++) await cluster.network(`net-${created++}`);
    await cluster.node(`node-${crash}`);
    const before = (await cluster.claims()).length;
    await cluster.whenClaims((claims) => claims.length > before + crash);
    child.kill('SIGKILL');
    await new Promise((exited) => child.once('exit', exited));
  }
  start();
  await settled(t, cluster, { networks: created, nodes: 6 });
});
