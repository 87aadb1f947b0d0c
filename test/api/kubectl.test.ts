// What a person types: kubectl says the same against the embedded server as against a real one. Its writes of core kinds are protobuf.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runCommand } from '../../lib/lab/command.ts';
import { builtAssets } from '../cluster/assets.ts';
import { type Api, embeddedApi, realApi } from './harness.ts';

const KUBECTL = join(process.env['KUBEBUILDER_ASSETS'] || builtAssets(), 'kubectl');

const network = (name: string, spec: object, labels: object = {}) =>
  JSON.stringify({ apiVersion: 'warren.dev/v1alpha1', kind: 'Network', metadata: { name, labels }, spec });
const FILES = {
  'blue.json': network('blue', { subnets: [{ cidr: '10.20.0.0/24' }] }, { team: 'a' }),
  'blue-mtu.json': network('blue', { subnets: [{ cidr: '10.20.0.0/24' }], mtu: 1400 }, { team: 'a' }),
  'green.json': network('green', {}),
  'typo.json': network('typo', { subnet: [] }),
  'bits.json': network('bits', { subnets: [{ cidr: '10.20.0.1/24' }] }),
  'pool.yaml':
    'apiVersion: warren.dev/v1alpha1\nkind: AddressPool\nmetadata: {name: p}\nspec: {cidr: 10.50.0.0/16, prefixLength: 24, purpose: network}\n',
  'two.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: b}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: y}\nstringData: {a: b}\n',
  'service.yaml':
    'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {clusterIP: None, selector: {app: web}, ports: [{port: 80, name: http}]}\n',
};

/** A line each, in this order; `@` begins the name of a file. */
const SESSION = `
api-resources --api-group=warren.dev
api-resources --api-group=warren.dev --verbs=list -o name
explain network
explain network.spec
explain network.spec.subnets --recursive
explain wpool.spec.prefixLength
explain networkendpoint.spec
create -f @blue.json
create -f @blue.json
apply -f @green.json
apply -f @green.json
apply -f @blue-mtu.json --server-side
apply -f @blue-mtu.json --server-side --field-manager=other
apply -f @blue.json --server-side --field-manager=third
create -f @typo.json
create -f @typo.json --validate=false --dry-run=server
create -f @bits.json
apply -f @pool.yaml
get wnet
get wnet -o wide
get networks.warren.dev blue -o name
get warren
get wpool,wnet -o name
get wnet -l team=a
get wnet -l team!=a --no-headers
get wnet --sort-by=.metadata.name -o custom-columns=N:.metadata.name,M:.spec.mtu
get wnet --show-labels
get wnet blue -o jsonpath={.spec}
get wnet blue -o yaml --show-managed-fields
get wnet nothing
get nothing
get wnet --field-selector metadata.name=blue
get wnet --field-selector spec.nothing=1
get wnet --chunk-size=1
label wnet blue tier=one
label wnet blue tier=two
label wnet blue tier=two --overwrite
annotate wnet blue note=hello
patch wnet blue --type=merge -p {"spec":{"mtu":1300}}
patch wnet blue --type=json -p [{"op":"remove","path":"/spec/mtu"}]
patch wnet blue --type=strategic -p {"spec":{"mtu":1300}}
patch wnet blue --type=merge -p {"spec":{"mtu":1}}
patch wnet blue --type=merge -p {"spec":{"vni":5000}}
patch wnet blue --type=merge -p {"spec":{"vni":5001}}
patch wnet blue --subresource=status --type=merge -p {"status":{"vni":5000,"subnets":["10.20.0.0/24"]}}
patch wnet blue --subresource=status --type=merge -p {"status":{"conditions":[{"type":"Ready","status":"True","reason":"Ok","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}
wait wnet/blue --for=condition=Ready --timeout=5s
wait wnet/green --for=condition=Ready --timeout=1s
get wnet
diff -f @blue.json
delete wnet green --dry-run=server
delete wnet green
delete wnet green --ignore-not-found
create namespace team
-n team create configmap c --from-literal=a=b
-n team create configmap c --from-literal=a=b
-n team create secret generic s --from-literal=a=b
-n team create serviceaccount robot
-n team create role reader --verb=get --resource=pods
-n team create rolebinding reader --role=reader --serviceaccount=team:robot
create clusterrole reader --verb=get,list --resource=networks.warren.dev
create clusterrolebinding reader --clusterrole=reader --user=jane
get clusterrole reader -o jsonpath={.rules}
-n team get cm c -o jsonpath={.data}
-n team get secret s -o jsonpath={.data}
-n team run p --image=busybox --overrides={"spec":{"nodeName":"n1"}}
-n team get pods
-n team label pod p app=web
-n team delete pod p --now --wait=false
-n team apply -f @two.yaml
-n team apply -f @two.yaml
-n team get -f @two.yaml
-n team apply -f @service.yaml
-n team get services
-n team get service web -o jsonpath={.spec.ports}
-n team delete -f @two.yaml
-n nothing create configmap c
auth whoami
auth can-i create networks.warren.dev
auth whoami --as=jane --as-group=team
get crd -o name
get crd networks.warren.dev -o jsonpath={.status.acceptedNames}
get namespaces
delete wnet --all
delete wpool p
get warren
`;

/** Words of a line; what stands in braces or brackets is one word, since kubectl is run without a shell. */
const wordsOf = (line: string, dir: string): string[] =>
  (line.match(/[^\s[{]*(?:\{.*\}|\[.*\])|\S+/g) ?? []).map((word) => word.replace(/^@/, `${dir}/`));

/** What two servers cannot share: ages, times, uids, versions, and where the files lie. */
const normalize = (text: string, dir: string): string =>
  text
    .replaceAll(dir, '')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uid>')
    .replace(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z/g, '<time>')
    .replace(/(resourceVersion: )"\d+"/g, '$1<version>')
    .replace(/ +(\d+[smh])+( +|$)/gm, ' <age> ')
    .replace(/\/tmp\/(LIVE|MERGED)-\d+\//g, '/tmp/$1/')
    .replace(/^(---|\+\+\+) .*$/gm, '$1')
    .replace(/ +$/gm, '');

type Said = (line: string) => Promise<string>;

async function personAt(t: Test, api: Api): Promise<Said> {
  const dir = await mkdtemp(join(tmpdir(), 'warren-kubectl-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(FILES)) await writeFile(join(dir, name), content);
  const kubeconfig = join(dir, 'kubeconfig');
  await writeFile(kubeconfig, api.kubeconfig(), { mode: 0o600 });
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir, KUBECONFIG: kubeconfig, KUBECACHEDIR: join(dir, 'cache') };
  return async (line) => {
    const { status, stdout, stderr } = await runCommand([KUBECTL, ...wordsOf(line, dir)], { env, timeout: 60_000 });
    return normalize(`${stdout}${stderr}exit status ${status}`, `${dir}/`);
  };
}

t.test('kubectl', async (t) => {
  const [embedded, real] = [await personAt(t, await embeddedApi(t)), await personAt(t, await realApi(t))];
  for (const line of SESSION.split('\n').filter((line) => line !== '')) {
    const [ours, theirs] = await Promise.all([embedded(line), real(line)]);
    t.equal(ours, theirs, line);
  }
});
