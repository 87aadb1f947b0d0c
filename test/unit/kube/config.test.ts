// Configuration: what is found, what is refused and how, over TLS and with every source of credentials that a cluster uses.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { stringify } from 'yaml';
import { networks } from '../../../lib/api/network.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import { loadKubeConfig } from '../../../lib/kube/config.ts';
import { connect } from '../../../lib/kube/http-client.ts';
import { startApiServer } from '../../../lib/lab/apiserver/server.ts';
import { type Certificate, selfSignedCertificate } from '../../../lib/lab/apiserver/tls.ts';
import { silentLogger } from '../../../lib/telemetry/log.ts';
import { definitions } from '../api-server.ts';

interface Access {
  readonly server?: string;
  readonly cluster?: object;
  readonly user?: object;
}

let files = 0;
function kubeconfig(
  dir: string,
  { server = 'https://127.0.0.1:6443', cluster = {}, user = { token: 't' } }: Access,
): string {
  const file = resolve(dir, `kubeconfig-${files++}`);
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'lab', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(file, stringify(document));
  return file;
}

async function serve(t: Test, tls?: Certificate) {
  const tokens = new Map([['t', { name: 'test', groups: ['system:masters'] }]]);
  const server = await startApiServer({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    crds: definitions,
    tokens,
    log: silentLogger,
    ...(tls ? { tls } : {}),
  });
  t.teardown(() => server.stop());
  return { tokens, address: server.addresses[0]! };
}

function connectAs(t: Test, dir: string, access: Access): KubeClient {
  const client = connect({ kubeconfig: kubeconfig(dir, access) });
  t.teardown(() => client.close());
  return client;
}

test('what is wrong with a kubeconfig is one line that says where and what to do', async (t) => {
  const cases: [string, string, RegExp][] = [
    ['broken YAML', 'a: [', /^cannot read .*kubeconfig: unexpected end .*; name another file with --kubeconfig$/],
    ['empty', '', /^cannot read .*kubeconfig: .*; name another file with --kubeconfig$/],
    ['something else', 'clusters: nope', /has no cluster for the context "": name another context; it has none$/],
    [
      'no cluster',
      'contexts: [{name: a, context: {cluster: c}}]\ncurrent-context: b',
      /for the context "b": .*; it has a$/,
    ],
  ];
  for (const [name, content, message] of cases) {
    const file = resolve(t.testdir({ kubeconfig: content }), 'kubeconfig');
    t.throws(() => loadKubeConfig({ kubeconfig: file }), { message }, name);
  }
  const dir = t.testdir();
  t.throws(() => loadKubeConfig({ kubeconfig: '/nowhere' }), {
    message: /^cannot read \/nowhere: ENOENT.*--kubeconfig$/,
  });
  t.throws(() => loadKubeConfig({ kubeconfig: kubeconfig(dir, {}), context: 'other' }), {
    message: /context "other".*it has lab/,
  });
  const bad: [string, RegExp][] = [
    ['tcp://10.0.0.1', /"tcp:\/\/10\.0\.0\.1" is not a server address: write one such as https/],
    ['nonsense', /"nonsense" is not a server address/],
    ['http://10.0.0.1:80', /http:\/\/10\.0\.0\.1:80 would get credentials in the clear: use https/],
  ];
  for (const [server, message] of bad)
    t.throws(() => loadKubeConfig({ kubeconfig: kubeconfig(dir, { server }) }), { message });
  t.doesNotThrow(
    () => loadKubeConfig({ kubeconfig: kubeconfig(dir, { server: 'http://[::1]:80' }) }),
    'loopback is no wire',
  );
});

test('over TLS the server is verified, and a wrong one is not spoken to', async (t) => {
  const certificate = await selfSignedCertificate(['127.0.0.1']);
  const { address } = await serve(t, certificate);
  const dir = t.testdir();
  const trusting = (pem: string) => ({ 'certificate-authority-data': Buffer.from(pem).toString('base64') });
  const call = (cluster: object) => connectAs(t, dir, { server: address, cluster }).list(networks);
  await t.resolves(call(trusting(certificate.cert)));
  const another = await selfSignedCertificate(['127.0.0.1']);
  for (const cluster of [{}, trusting(another.cert)]) {
    await t.rejects(call(cluster), { message: /self-signed certificate/ });
  }
});

test('credentials that are missing, wrong or not to be had are told apart', async (t) => {
  const { address } = await serve(t);
  const dir = t.testdir();
  const cases: [string, object, string][] = [
    ['a password', { username: 'nobody', password: 'wrong' }, 'Unauthorized'],
    ['nothing', {}, 'Unauthorized'],
    ['a plugin that is not there', { exec: { apiVersion: 'v1', command: '/nowhere' } }, 'Unreachable'],
    ['a certificate that is not there', { 'client-certificate': '/nowhere' }, 'Unreachable'],
  ];
  for (const [name, user, reason] of cases) {
    const client = connectAs(t, dir, { server: address, user });
    const error: unknown = await client.list(networks).catch((thrown: unknown) => thrown);
    t.match(error, { reason }, name);
  }
});

test('a plugin is asked again when the server no longer takes what it gave', async (t) => {
  const { address, tokens } = await serve(t);
  const dir = t.testdir({ token: 't' });
  const plugin = resolve(dir, 'plugin');
  const credential = `{"status":{"token":"%s","expirationTimestamp":"2020-01-01T00:00:00Z"}}`;
  writeFileSync(plugin, `#!/bin/sh\necho asked >> ${dir}/asked\nprintf '${credential}' "$(cat ${dir}/token)"\n`);
  chmodSync(plugin, 0o700);
  const user = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: plugin } };
  const client = connectAs(t, dir, { server: address, user });
  for (let i = 0; i < 5; i++) await t.resolves(client.list(networks));
  const asked = () => readFileSync(resolve(dir, 'asked'), 'utf8').trim().split('\n').length;
  t.equal(asked(), 1, 'not for every call');

  tokens.set('rotated', tokens.get('t')!);
  tokens.delete('t');
  writeFileSync(resolve(dir, 'token'), 'rotated');
  await sleep(1100);
  await t.resolves(client.list(networks));
  t.equal(asked(), 2);
});
