/**
 * The two API servers that a test of this tier speaks to: a real kube-apiserver with etcd, RBAC on, and the embedded one. Both have
 * what deploy/ defines: kinds, policies, roles. A test calls as any user, and gets the whole answer, refusals included.
 */
import { randomBytes } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';
import type { Test } from 'tap';
import type { KubeClient } from '../../lib/kube/client.ts';
import { createKubeClient } from '../../lib/kube/http-client.ts';
import type { Server } from '../unit/lab/apiserver/contract/send.ts';
import { type Call, callWith } from './call.ts';
import { applyDeployed, tokenOnServer } from './deployed.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { startEmbeddedServer, startRealServer } from './servers.ts';

export type { Answer, Call, CallOptions } from './call.ts';

export type ServerName = 'kube-apiserver' | 'embedded';

/** Somebody who calls, as authentication would tell the server. */
export interface Identity {
  readonly user: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** A ServiceAccount; with a node as a token of a pod on that node has it (`authentication.kubernetes.io/node-name`). */
export const serviceAccount = (namespace: string, name: string, node?: string): Identity => ({
  user: `system:serviceaccount:${namespace}:${name}`,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  ...(node === undefined ? {} : { extra: { 'authentication.kubernetes.io/node-name': [node] } }),
});

export interface Api {
  readonly name: ServerName;
  readonly server: Server;
  /** As cluster admin. */
  readonly call: Call;
  /** As somebody else, by impersonation. */
  as(identity: Identity): Call;
  /** With a bearer token, or with a wrong one. */
  withToken(token: string): Call;
  /**
   * A token of a ServiceAccount, which must exist; on the real server by TokenRequest, with a node bound to that Node object. For
   * programs of ours that shall run with its rights.
   */
  tokenOf(namespace: string, name: string, node?: string): Promise<string>;
  /** For the clients of lib/kube and for programs; as cluster admin, or with a token. */
  config(token?: string): KubeConfig;
  /** The same as text of a kubeconfig file. */
  kubeconfig(token?: string): string;
  /** A client of lib/kube; closed with the test. */
  client(token?: string): KubeClient;
}

/** Whoever a server lives for: a test, or a benchmark. */
type Owner = Pick<Test, 'teardown'>;

/** A real kube-apiserver for the rest of this test, with everything of deploy/ that is no workload in force. Takes about four seconds. */
export async function realApi(t: Owner): Promise<Api> {
  const server = await startRealServer(t);
  const api = apiOf(t, 'kube-apiserver', server, (namespace, name, node) =>
    tokenOnServer(server, namespace, name, node),
  );
  await applyDeployed(api.call);
  return api;
}

/** The embedded server, with the same in it as far as it serves the kinds. It authorizes everybody: there is no RBAC to test on it. */
export async function embeddedApi(t: Owner): Promise<Api> {
  const { server, tokens } = await startEmbeddedServer(t);
  const api = apiOf(t, 'embedded', server, async (namespace, name, node) => {
    const token = randomBytes(16).toString('hex');
    const { user, groups = [], extra } = serviceAccount(namespace, name, node);
    tokens.set(token, { name: user, groups, ...(extra === undefined ? {} : { extra }) });
    return token;
  });
  await applyDeployed(api.call);
  return api;
}

/** Runs the same tests against both servers, as two subtests: first the embedded one, which answers sooner. */
export function withApiServers(t: Test, run: (t: Test, api: Api) => Promise<void>): void {
  t.test('embedded', async (t) => run(t, await embeddedApi(t)));
  t.test('kube-apiserver', async (t) => run(t, await realApi(t)));
}

type TokenOf = Api['tokenOf'];

function apiOf(t: Owner, name: ServerName, server: Server, tokenOf: TokenOf): Api {
  const config = (token = server.token): KubeConfig => {
    const config = new KubeConfig();
    config.loadFromString(kubeconfigText({ ...server, token }));
    return config;
  };
  return {
    name,
    server,
    call: callWith(server, {}),
    as: (identity) => callWith(server, impersonation(identity)),
    withToken: (token) => callWith({ ...server, token }, {}),
    tokenOf,
    config,
    kubeconfig: (token = server.token) => kubeconfigText({ ...server, token }),
    client: (token) => {
      const client = createKubeClient(config(token), 'test');
      t.teardown(() => client.close());
      return client;
    },
  };
}

/** Keys of `extra` travel percent-encoded in the name of a header. */
function impersonation({ user, groups = [], uid, extra = {} }: Identity): OutgoingHttpHeaders {
  const extras = Object.entries(extra).map(([key, values]) => [
    `Impersonate-Extra-${encodeURIComponent(key)}`,
    [...values],
  ]);
  return {
    'Impersonate-User': user,
    ...(groups.length === 0 ? {} : { 'Impersonate-Group': [...groups] }),
    ...(uid === undefined ? {} : { 'Impersonate-Uid': uid }),
    ...(Object.fromEntries(extras) as OutgoingHttpHeaders),
  };
}
