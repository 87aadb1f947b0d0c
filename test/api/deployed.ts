/** Puts into an API server what deploy/ defines: kinds, policies, roles. No workloads, and none of the objects that users make. */
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { asArray, asObject, asString, at, type Json, type JsonObject } from '../../lib/lab/apiserver/json.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { send, type Server } from '../unit/lab/apiserver/contract/send.ts';
import { type Call, callWith } from './call.ts';

const SYSTEM_NAMESPACE = 'warren-system';

/** Where each kind is served, in the order in which they are needed. */
const RESOURCES: Readonly<Record<string, string>> = {
  Namespace: '/api/v1/namespaces',
  ServiceAccount: '/api/v1/namespaces/{namespace}/serviceaccounts',
  CustomResourceDefinition: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  Role: '/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings',
  ValidatingAdmissionPolicy: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
};
const POLICY = '/apis/admissionregistration.k8s.io/v1';

/** Every object of deploy/ whose kind is in RESOURCES, in its order. */
function deployedObjects(): readonly JsonObject[] {
  const files = globSync(resolve(import.meta.dirname, '../../deploy/**/*.yaml')).sort();
  const objects = files.flatMap((file) => [...parseAllDocuments(readFileSync(file, 'utf8'))]);
  const parsed = objects.map((document) => asObject(document.toJS() as Json));
  return Object.keys(RESOURCES).flatMap((kind) => parsed.filter((object) => object['kind'] === kind));
}

/** Resolves when the kinds are served and the policies are enforced. */
export async function applyDeployed(call: Call): Promise<void> {
  await apply(call, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
  await apply(call, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM_NAMESPACE } });
  const hasPolicies = (await call('GET', POLICY)).code === 200;
  const objects = deployedObjects().filter(({ kind }) => hasPolicies || !asString(kind).startsWith('Validating'));
  for (const object of objects) await apply(call, object);
  for (const object of objects.filter(({ kind }) => kind === 'CustomResourceDefinition')) await served(call, object);
  if (hasPolicies) await enforced(call);
}

/** Resolves when they are served. */
export async function applyDefinitions(server: Server, definitions: readonly JsonObject[]): Promise<void> {
  const call = callWith(server, {});
  for (const definition of definitions) await apply(call, definition);
  for (const definition of definitions) await served(call, definition);
}

async function apply(call: Call, object: JsonObject): Promise<void> {
  const kind = asString(object['kind']);
  const namespace = asString(at(object, 'metadata', 'namespace')) || 'default';
  const name = asString(at(object, 'metadata', 'name'));
  const path = `${(RESOURCES[kind] ?? '').replace('{namespace}', namespace)}/${name}?fieldManager=test&force=true`;
  const { code, message } = await call('PATCH', path, { type: 'application/apply-patch+yaml', body: object });
  if (code !== 200 && code !== 201) throw new Error(`deploy/: ${kind} ${name}: ${message || String(code)}`);
}

/** A definition is served a moment after it was accepted. */
async function served(call: Call, definition: JsonObject): Promise<void> {
  const { group = '', names, versions } = asObject(definition['spec']);
  for (const version of asArray(versions)) {
    const path = `/apis/${asString(group)}/${asString(at(version, 'name'))}/${asString(at(names, 'plural'))}`;
    await eventually(async () => {
      const { code, message } = await call('GET', path);
      if (code !== 200) throw new Error(`${path} is not served: ${message}`);
    }, 20_000);
  }
}

/** A policy is enforced about a second after it was accepted, without a sign. One that is made last tells when all of them are. */
async function enforced(call: Call): Promise<void> {
  const name = 'last-of-the-test';
  const group = 'admissionregistration.k8s.io';
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] };
  const matchConstraints = { resourceRules: [{ ...rule, resourceNames: [name] }] };
  const validations = [{ expression: 'false', message: 'in force' }];
  const make = (kind: string, spec: JsonObject) =>
    apply(call, { apiVersion: `${group}/v1`, kind, metadata: { name }, spec });
  await make('ValidatingAdmissionPolicy', { failurePolicy: 'Fail', matchConstraints, validations });
  await make('ValidatingAdmissionPolicyBinding', { policyName: name, validationActions: ['Deny'] });
  await eventually(async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
    const { message } = await call('POST', '/api/v1/namespaces/default/configmaps?dryRun=All', { body });
    if (!message.includes('in force')) throw new Error('the policies of deploy/ are not enforced');
  }, 20_000);
  await call('DELETE', `${POLICY}/validatingadmissionpolicybindings/${name}`);
  await call('DELETE', `${POLICY}/validatingadmissionpolicies/${name}`);
}

/** TokenRequest. Throws when the account, or the node, is not there. */
export async function tokenOnServer(server: Server, namespace: string, name: string, node?: string): Promise<string> {
  const post = async (path: string, body?: JsonObject): Promise<JsonObject> => {
    const method = body === undefined ? 'GET' : 'POST';
    const headers = { 'Content-Type': 'application/json' };
    const sent = await send(server, { method, path, headers, content: body && JSON.stringify(body) });
    const answer = asObject(JSON.parse(sent.content.toString()) as Json);
    if (sent.status >= 300) throw new Error(`no token of ${namespace}/${name}: ${asString(answer['message'])}`);
    return answer;
  };
  const uid = node === undefined ? '' : asString(at(await post(`/api/v1/nodes/${node}`), 'metadata', 'uid'));
  const boundObjectRef = { kind: 'Node', apiVersion: 'v1', name: node ?? '', uid };
  const request = await post(`/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [], expirationSeconds: 3600, ...(node === undefined ? {} : { boundObjectRef }) },
  });
  return asString(at(request, 'status', 'token'));
}
