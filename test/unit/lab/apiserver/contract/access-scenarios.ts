/** What an API server says to who calls: no token, a wrong one, another user's name. */
import type { OutgoingHttpHeaders } from 'node:http';
import type { JsonObject } from '../../../../../lib/lab/apiserver/json.ts';
import type { Scenario } from './scenarios.ts';

const NODES = '/api/v1/nodes';
const REVIEW = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const ACCESS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const review: JsonObject = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
const access = (spec: JsonObject): JsonObject => ({
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectAccessReview',
  spec,
});

const tokens: Scenario = {
  name: 'who calls',
  async run(api) {
    const as = (what: string, authorization: string, path = NODES) =>
      api.call(what, 'GET', path, { headers: { Authorization: authorization } });
    await as('no token', '');
    await as('a wrong token', 'Bearer wrong');
    await as('an empty token', 'Bearer ');
    await as('another scheme', 'Basic YTpi');
    await as('nobody asks for a path that is not there', '', '/apis/none.example/v1/things');
    await as('nobody asks for discovery', '', '/apis');
    for (const path of ['/healthz', '/livez', '/readyz']) await as(`nobody asks for ${path}`, '', path);
    await api.call('nobody writes', 'POST', NODES, { body: {}, headers: { Authorization: '' } });
  },
};

const impersonation: Scenario = {
  name: 'acting as another user',
  async run(api) {
    const as = (what: string, headers: OutgoingHttpHeaders) =>
      api.call(what, 'POST', REVIEW, { body: review, headers });
    await as('oneself', {});
    await as('a user', { 'Impersonate-User': 'jane' });
    await as('a user with groups', { 'Impersonate-User': 'jane', 'Impersonate-Group': ['a', 'b'] });
    await as('a user with a uid', { 'Impersonate-User': 'jane', 'Impersonate-Uid': '5' });
    await as('a service account', { 'Impersonate-User': 'system:serviceaccount:default:x' });
    await as('a service account with groups', {
      'Impersonate-User': 'system:serviceaccount:default:x',
      'Impersonate-Group': 'a',
    });
    await as('with extra', {
      'Impersonate-User': 'jane',
      'Impersonate-Extra-authentication.kubernetes.io%2fnode-name': 'n1',
      'Impersonate-Extra-Scopes': ['a', 'b'],
    });
    await as('a group without a user', { 'Impersonate-Group': 'a' });
    await as('extra without a user', { 'Impersonate-Extra-a': 'b' });
    await as('with a wrong token', { Authorization: 'Bearer wrong', 'Impersonate-User': 'jane' });
  },
};

const reviews: Scenario = {
  name: 'questions about oneself',
  async run(api) {
    const ask = (what: string, spec: JsonObject) => api.call(what, 'POST', ACCESS, { body: access(spec) });
    await ask('may I', { resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } });
    await ask('may I, for a path', { nonResourceAttributes: { verb: 'get', path: '/metrics' } });
    await ask('may I, for nothing', {});
    await ask('may I, for both', {
      resourceAttributes: { verb: 'get', resource: 'pods' },
      nonResourceAttributes: { verb: 'get', path: '/' },
    });
    await api.call('reading a review', 'GET', REVIEW);
    await api.call('another kind', 'POST', REVIEW, { body: access({}) });
    await api.call('no kind', 'POST', REVIEW, { body: {} });
  },
};

export const accessScenarios: readonly Scenario[] = [tokens, impersonation, reviews];
