// warrenctl against a cluster: docker's verbs on real Networks with real containers.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'tap';
import { removeContainer } from '../../lib/lab/container.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { applyManifests } from '../../lib/lab/manifest.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { ctl, environment, plugin, say, warrenctl } from './ctl-program.ts';
import { run, withLab } from './lab-harness.ts';

interface Inspected {
  readonly Name: string;
  readonly Containers: Readonly<Record<string, { readonly Name: string; readonly IPv4Address: string }>>;
  readonly Peers: readonly { readonly Name: string; readonly IP: string }[];
}

test("a network's life in docker's words", async (t) => {
  const lab = await withLab(t, { nodes: 2 });
  const created = await ctl(
    lab,
    'network',
    'create',
    'blue',
    '--attachable',
    '--label',
    'team=a',
    '--subnet',
    '10.44.0.0/24',
  );
  t.strictSame({ ...created, err: '' }, { status: 0, out: 'network.warren.dev/blue created', err: '' });
  t.match(created.err, /subnet 10\.44\.0\.0\/24, VNI \d+/);
  t.match(await ctl(lab, 'network', 'create', 'blue'), {
    status: 1,
    err: /network blue exists already\n.*choose another name/,
  });
  t.match(await ctl(lab, 'network', 'create', 'x', '--gateway', '10.0.0.1'), { status: 2, err: /needs a subnet/ });
  await run(lab, 'web-1', 'n1', 'blue');
  await run(lab, 'web-2', 'n2', 'blue');

  const inspected = await ctl(lab, 'network', 'inspect', 'blue');
  const [blue] = JSON.parse(inspected.out) as [Inspected];
  t.strictSame(
    Object.values(blue.Containers)
      .map(({ Name, IPv4Address }) => `${Name} ${IPv4Address}`)
      .toSorted(),
    ['default/web-1 10.44.0.2/24', 'default/web-2 10.44.0.3/24'],
    'the containers of both nodes',
  );
  await eventually(async () => {
    const names = (await ctl(lab, 'network', 'inspect', '-f', '{{range .Peers}}{{.Name}} {{end}}', 'blue')).out;
    if (names !== 'n1 n2') throw new Error(`peers ${names}`);
  }, 10_000);
  t.match(await ctl(lab, 'network', 'inspect', 'blue', 'bleu'), {
    status: 1,
    out: /"Name": "blue"/,
    err: /did you mean blue\?/,
  });
  t.equal((await ctl(lab, 'network', 'ls', '-q')).out, 'blue');
  t.equal((await ctl(lab, 'network', 'ls', '-l', 'team=b', '-o', 'name')).out, '');
  t.equal(
    (await ctl(lab, 'network', 'ls', '-f', 'label=team', '--format', '{{.Name}} {{.Driver}}')).out,
    'blue overlay',
  );
  t.match((await ctl(lab, 'network', 'ls', '-o', 'yaml')).out, /^apiVersion: v1\nkind: List\n[^]*attachable: true/);
  t.match(
    (await ctl(lab, 'endpoint', 'ls', '--node', 'n2')).out,
    /^NAME .*\nblue\.10\.44\.0\.3 +blue +10\.44\.0\.3\/24 +n2 +default\/web-2 +\d+s$/,
  );
  t.match((await ctl(lab, 'node', 'ls')).out, /n1 +172\.30\.0\.11 +1500 +172\.20\.\d\.0\/24 +1 +Re/);
  t.match((await ctl(lab, 'topology')).out, /─ n1  172\.30\.0\.11 ─.*\n│ web-1 /);
  t.match((await ctl(lab, 'topology', '-o', 'mermaid', '--network', 'blue')).out, /^flowchart LR\n[^]*web-2/);

  t.match(await ctl(lab, 'network', 'rm', 'blue'), {
    status: 1,
    err: /in use by default\/web-1 on n1, default\/web-2 on n2\n/,
  });
  t.match((await ctl(lab, 'network', 'prune', '-f')).err, /no network is unused/);
  for (const name of ['web-1', 'web-2']) await removeContainer(lab, name);
  const asked = await say(lab, [warrenctl, 'network', 'prune'], {}, 'n\n');
  t.match(asked.err, /This deletes blue\. Go on\? \[y\/N\] [^]*nothing was deleted/);
  t.equal((await ctl(lab, 'network', 'prune', '--force')).out, 'network.warren.dev/blue deleted');
  t.match(await ctl(lab, 'network', 'rm', 'blue'), { status: 1, err: /there is no network "blue"/ });
  t.equal((await ctl(lab, 'network', 'rm', '-f', 'blue')).status, 0);
});

test('connect and disconnect change the pod template of a workload', async (t) => {
  const lab = await withLab(t, { nodes: 1 });
  await ctl(lab, 'network', 'create', 'blue');
  await ctl(lab, 'network', 'create', 'green');
  await deployments(lab);
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web' }] } };
  const spec = { replicas: 0, selector: { matchLabels: { app: 'web' } }, template };
  await applyManifests(
    lab.api,
    JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec,
    }),
    'web',
  );
  const annotation = async (): Promise<string | undefined> => {
    const { spec: read } = (await lab.api.request('/apis/apps/v1/namespaces/default/deployments/web')) as {
      spec: { template: { metadata: { annotations?: Record<string, string> } } };
    };
    return read.template.metadata.annotations?.['warren.dev/networks'];
  };
  const connected = await ctl(lab, 'network', 'connect', 'blue', 'deploy/web');
  t.match(connected.out, /^deployment\.apps\/web connected to blue as net1\n +takes effect when its pods restart/);
  await ctl(lab, 'network', 'connect', 'green', 'deploy/web');
  t.equal(await annotation(), 'blue,green');
  t.match(await ctl(lab, 'network', 'connect', 'blue', 'deploy/web'), {
    status: 1,
    err: /on network blue already, as net1/,
  });
  t.match(
    (await ctl(lab, 'network', 'prune', '-f')).err,
    /no network is unused/,
    'a workload without pods needs its networks',
  );
  await ctl(lab, 'network', 'disconnect', 'blue', 'deployment/web');
  t.equal(await annotation(), 'green@net2', 'the other one keeps its interface');
  await ctl(lab, 'network', 'disconnect', 'green', 'deployment/web');
  t.equal(await annotation(), undefined);
  t.match(await ctl(lab, 'network', 'connect', 'blu', 'deploy/web'), { status: 1, err: /did you mean blue/ });
  t.match(await ctl(lab, 'network', 'connect', 'blue', 'deploy/wbe'), {
    status: 1,
    err: /there is no deployment\.apps\/wbe in namespace default\n +did you mean web/,
  });
  t.match(await ctl(lab, 'network', 'connect', 'blue', 'web'), { status: 2, err: /write KIND\/NAME/ });
  await run(lab, 'bare', 'n1');
  t.match(await ctl(lab, 'network', 'connect', 'blue', 'pod/bare'), {
    status: 1,
    err: /blue, which is not attachable\n/,
  });
});

/** The lab's own API server has no Deployments; as custom resources they keep what is written to them. */
async function deployments(lab: Lab): Promise<void> {
  const isServed = await lab.api.request('/apis/apps/v1').then(
    () => true,
    () => false,
  );
  if (isServed) return;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'deployments.apps' },
    spec: {
      group: 'apps',
      scope: 'Namespaced',
      names: { kind: 'Deployment', listKind: 'DeploymentList', plural: 'deployments', singular: 'deployment' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
  await applyManifests(lab.api, JSON.stringify(definition), 'deployments');
  await eventually(() => lab.api.request('/apis/apps/v1/namespaces/default/deployments'), 10_000);
}

test('kubectl finds it as a plugin, and it calls itself as it was called', async (t) => {
  const lab = await withLab(t, { nodes: 1 });
  t.match(await say(lab, [plugin, 'network', 'ls']), {
    status: 0,
    err: /Create one with: kubectl warren network create/,
  });
  t.match(await say(lab, [plugin, 'network', 'nonsense']), {
    status: 2,
    err: /^kubectl warren: .*\n +see: kubectl warren network --help/,
  });
  t.match((await say(lab, [plugin, '--help'])).out, /^kubectl warren COMMAND/);
  const elsewhere = await mkdtemp('/var/tmp/warren-test-plugin-');
  t.teardown(() => rm(elsewhere, { recursive: true }));
  await symlink(plugin, join(elsewhere, 'kubectl-warren'));
  t.match(
    (await say(lab, [join(elsewhere, 'kubectl-warren'), 'pool', 'ls', '-o', 'name'])).out,
    /^addresspool\.warren\.dev\//,
  );
  const completer = join(dirname(warrenctl), 'kubectl_complete-warren');
  t.equal((await say(lab, [completer, 'pool', 'rm', ''])).out, 'default\ngateway\n:4');
});

test('the cluster is found as kubectl finds it, and what is missing is named', async (t) => {
  const lab = await withLab(t, { nodes: 1 });
  const nothing = { KUBECONFIG: '/nowhere' };
  t.match(await say(lab, [warrenctl, 'node', 'ls'], nothing), { status: 1, err: /\/nowhere/ });
  const named = ['--kubeconfig', lab.layout.kubeconfig('admin')];
  t.match(await say(lab, [warrenctl, 'node', 'ls', '-o', 'name', ...named], nothing), {
    status: 0,
    out: 'nodepeer.warren.dev/n1',
  });
  t.match(await ctl(lab, 'node', 'ls', '--context', 'other'), { status: 1, err: /"other".* it has warren-lab/ });
  const away = join(lab.layout.dir, 'away.yaml');
  await writeFile(
    away,
    'apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\nusers: [{name: a, user: {}}]\nclusters: [{name: a, cluster: {server: "https://127.0.0.1:1"}}]\n',
  );
  t.match(await ctl(lab, 'network', 'ls', '--kubeconfig', away), {
    status: 1,
    err: /https:\/\/127\.0\.0\.1:1 does not answer[^]*--context or --kubeconfig/,
  });
});

test('--watch prints what is there, and then each change', async (t) => {
  const lab = await withLab(t, { nodes: 1 });
  const child = spawn(warrenctl, ['network', 'ls', '--watch', '-o', 'name'], {
    env: environment(lab),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill());
  let seen = '';
  child.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  await ctl(lab, 'network', 'create', 'blue');
  await eventually(
    () => (seen.includes('network.warren.dev/blue\n') ? Promise.resolve() : Promise.reject(new Error(seen))),
    10_000,
  );
  child.kill();
});
