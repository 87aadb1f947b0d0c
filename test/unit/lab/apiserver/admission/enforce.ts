/** A policy in force on a server with the tests' own definition in it, and what is written there. */
import type { Test } from 'tap';
import type { JsonObject } from '../../../../../lib/lab/apiserver/json.ts';
import { start } from '../start.ts';
import { type Talk, talkTo, WIDGETS, widget } from '../talk.ts';

const GROUP = 'admissionregistration.k8s.io/v1';
export const POLICIES = `/apis/${GROUP}/validatingadmissionpolicies`;
export const BINDINGS = `/apis/${GROUP}/validatingadmissionpolicybindings`;
export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

export const widgets = (...operations: string[]): JsonObject => ({
  resourceRules: [{ apiGroups: ['test.warren.dev'], apiVersions: ['v1'], operations, resources: ['widgets'] }],
});
export const policy = (spec: JsonObject): JsonObject => ({
  apiVersion: GROUP,
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'p' },
  spec: { matchConstraints: widgets('CREATE', 'UPDATE'), ...spec },
});
export const binding = (spec: JsonObject = {}): JsonObject => ({
  apiVersion: GROUP,
  kind: 'ValidatingAdmissionPolicyBinding',
  metadata: { name: 'b' },
  spec: { policyName: 'p', validationActions: ['Deny'], ...spec },
});

/** A server with one policy in force. */
export async function enforced(t: Test, spec: JsonObject, bound: JsonObject = {}): Promise<Talk> {
  const talk = talkTo((await start(t)).url);
  t.equal((await talk('POST', POLICIES, { body: policy(spec) })).code, 201);
  t.equal((await talk('POST', BINDINGS, { body: binding(bound) })).code, 201);
  return talk;
}

export const create = (talk: Talk, name: string, spec: JsonObject = { color: 'red' }, metadata: JsonObject = {}) =>
  talk('POST', WIDGETS, { body: widget(name, metadata, spec) });
