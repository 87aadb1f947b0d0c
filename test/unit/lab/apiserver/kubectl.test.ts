// kubectl itself against the embedded API server: what a person types in the lab.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { selfSignedCertificate } from '../../../../lib/lab/apiserver/tls.ts';
import { start, TOKEN } from './start.ts';

const hasKubectl = spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).status === 0;

const manifest = (color: string): string =>
  JSON.stringify({
    apiVersion: 'test.warren.dev/v1',
    kind: 'Widget',
    metadata: { name: 'a', labels: { app: 'x' } },
    spec: { color },
  });

interface Kubectl {
  (...args: string[]): Promise<string>;
  /** A file for `-f`. */
  file(content: string): Promise<string>;
}

async function kubectlFor(t: Test): Promise<Kubectl> {
  const tls = await selfSignedCertificate(['127.0.0.1']);
  const { url } = await start(t, { tls });
  const directory = await mkdtemp(join(tmpdir(), 'warren-kubectl-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    clusters: [
      { name: 'lab', cluster: { server: url, 'certificate-authority-data': Buffer.from(tls.cert).toString('base64') } },
    ],
    users: [{ name: 'admin', user: { token: TOKEN } }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'admin' } }],
  };
  const kubeconfig = join(directory, 'config');
  await writeFile(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  const run = async (...args: string[]): Promise<string> => {
    const options = ['--kubeconfig', kubeconfig, '--cache-dir', join(directory, 'cache')];
    const { stdout, stderr } = await promisify(execFile)('kubectl', [...options, ...args], { timeout: 30_000 });
    return (stdout + stderr).trimEnd();
  };
  const file = async (content: string): Promise<string> => {
    const path = join(directory, 'manifest.json');
    await writeFile(path, content);
    return path;
  };
  return Object.assign(run, { file });
}

const columns = (text: string): string[] => (text.split('\n')[0] ?? '').split(/\s{2,}/);

t.test('kubectl', { skip: hasKubectl ? false : 'kubectl is not installed' }, async (t) => {
  t.test('apply, get, wait and delete', async (t) => {
    const kubectl = await kubectlFor(t);
    t.equal(await kubectl('apply', '-f', await kubectl.file(manifest('red'))), 'widget.test.warren.dev/a created');
    t.equal(await kubectl('apply', '-f', await kubectl.file(manifest('red'))), 'widget.test.warren.dev/a unchanged');
    t.equal(await kubectl('apply', '-f', await kubectl.file(manifest('blue'))), 'widget.test.warren.dev/a configured');
    t.same(columns(await kubectl('get', 'wd')), ['NAME', 'COLOR', 'READY', 'AGE']);
    t.same(columns(await kubectl('get', 'wd', '-o', 'wide')), ['NAME', 'COLOR', 'READY', 'SIZE', 'AGE']);
    t.equal(await kubectl('get', 'widget', 'a', '-o', 'jsonpath={.spec.color}/{.spec.size}'), 'blue/10');
    const ready = '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}';
    await kubectl('patch', 'wd', 'a', '--subresource=status', '--type=merge', '-p', ready);
    t.equal(
      await kubectl('wait', 'wd/a', '--for=condition=Ready', '--timeout=10s'),
      'widget.test.warren.dev/a condition met',
    );
    t.equal(await kubectl('delete', 'wd', 'a'), 'widget.test.warren.dev "a" deleted');
    t.equal(await kubectl('get', 'wd'), 'No resources found');
  });

  t.test('server-side apply takes over, and names a conflict', async (t) => {
    const kubectl = await kubectlFor(t);
    await kubectl('apply', '-f', await kubectl.file(manifest('red')));
    t.match(await kubectl('apply', '--server-side', '-f', await kubectl.file(manifest('red'))), /serverside-applied/);
    const other = kubectl(
      'apply',
      '--server-side',
      '--field-manager=other',
      '-f',
      await kubectl.file(manifest('blue')),
    );
    await t.rejects(other, { message: /conflict with "kubectl".*\.spec\.color/s });
    await kubectl(
      'apply',
      '--server-side',
      '--field-manager=other',
      '--force-conflicts',
      '-f',
      await kubectl.file(manifest('blue')),
    );
    t.equal(await kubectl('get', 'wd', 'a', '-o', 'jsonpath={.spec.color}'), 'blue');
  });

  t.test('label, annotate, explain, api-resources, dry run', async (t) => {
    const kubectl = await kubectlFor(t);
    await kubectl('create', '-f', await kubectl.file(manifest('red')));
    t.equal(await kubectl('label', 'wd', 'a', 'x=1'), 'widget.test.warren.dev/a labeled');
    t.equal(await kubectl('annotate', 'wd', 'a', 'note=hello'), 'widget.test.warren.dev/a annotated');
    t.match(await kubectl('get', 'wd', '-l', 'x=1', '-o', 'name'), 'widget.test.warren.dev/a');
    t.match(await kubectl('explain', 'widget.spec.color'), /FIELD: color <string>.*What it looks like\./s);
    t.match(await kubectl('explain', 'pod.spec.containers.ports'), /containerPort/);
    t.match(
      await kubectl('api-resources', '--api-group=test.warren.dev'),
      /widgets\s+wd\s+test.warren.dev\/v1\s+false\s+Widget/,
    );
    t.match(await kubectl('apply', '--dry-run=server', '-f', await kubectl.file(manifest('blue'))), /server dry run/);
    t.equal(await kubectl('get', 'wd', 'a', '-o', 'jsonpath={.spec.color}'), 'red');
    const unknown = manifest('red').replace('"color"', '"colour":"x","color"');
    await t.rejects(kubectl('apply', '-f', await kubectl.file(unknown)), { message: /unknown field "spec.colour"/ });
    t.match(await kubectl('describe', 'wd', 'a'), /Color:\s+red/);
    t.match(await kubectl('get', 'crd'), 'widgets.test.warren.dev');
  });

  t.test('what kubectl makes without a file', async (t) => {
    const kubectl = await kubectlFor(t);
    t.equal(await kubectl('create', 'namespace', 'team'), 'namespace/team created');
    await kubectl('-n', 'team', 'create', 'configmap', 'c', '--from-literal=a=b');
    await kubectl('-n', 'team', 'create', 'secret', 'generic', 's', '--from-literal=a=b');
    t.equal(await kubectl('-n', 'team', 'get', 'cm', 'c', '-o', 'jsonpath={.data.a}'), 'b');
    t.equal(await kubectl('-n', 'team', 'get', 'secret', 's', '-o', 'jsonpath={.data.a}'), 'Yg==');
    await kubectl('-n', 'team', 'run', 'p', '--image=busybox');
    t.match(await kubectl('-n', 'team', 'get', 'pods', '-o', 'wide'), /p\s+0\/1\s+Pending/);
    t.equal(await kubectl('-n', 'team', 'delete', 'pod', 'p'), 'pod "p" deleted');
    t.equal(await kubectl('auth', 'can-i', 'get', 'pods'), 'yes');
    t.match(await kubectl('auth', 'whoami'), /Username\s+admin/);
    t.equal(await kubectl('delete', 'namespace', 'team'), 'namespace "team" deleted');
  });
});
