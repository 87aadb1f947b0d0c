// What the embedded server cannot do, as the README's limits list it: it refuses, where a real one would answer. Nothing is ignored.
import t from 'tap';
import type { JsonObject } from '../../lib/lab/apiserver/json.ts';
import { embeddedApi, realApi, serviceAccount } from './harness.ts';

const [ours, theirs] = [await embeddedApi(t), await realApi(t)];
const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const whole = (kind: string, apiVersion: string, rest: JsonObject): JsonObject => ({ kind, apiVersion, ...rest });

t.test('requests that only a real server takes are refused', async (t) => {
  for (const api of [ours, theirs])
    await api.call('POST', ACCOUNTS, { body: whole('ServiceAccount', 'v1', { metadata: { name: 'a' } }) });
  const cases: readonly (readonly [what: string, method: string, path: string, body: JsonObject | undefined])[] = [
    [
      'a token for a ServiceAccount',
      'POST',
      `${ACCOUNTS}/a/token`,
      whole('TokenRequest', 'authentication.k8s.io/v1', { spec: { audiences: [] } }),
    ],
    [
      'a review of somebody else',
      'POST',
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      whole('SubjectAccessReview', 'authorization.k8s.io/v1', {
        spec: { user: 'jane', resourceAttributes: { verb: 'get', resource: 'pods' } },
      }),
    ],
    ['a kind that nothing of ours uses', 'GET', '/apis/apps/v1/namespaces/default/deployments', undefined],
    ['the old path of a watch', 'GET', '/api/v1/watch/configmaps?timeoutSeconds=1', undefined],
  ];
  for (const [what, method, path, body] of cases) {
    const options = body === undefined ? {} : { body };
    t.ok((await theirs.call(method, path, options)).code < 300, `a real server: ${what}`);
    t.equal((await ours.call(method, path, options)).code, 404, `the embedded server: ${what}`);
  }
});

t.test('definitions that it could not keep to are refused', async (t) => {
  const spec = {
    group: 'limits.warren.dev',
    scope: 'Cluster',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
  };
  const schema = { openAPIV3Schema: { type: 'object' } };
  const definition = (rest: JsonObject, version: JsonObject = {}): JsonObject =>
    whole('CustomResourceDefinition', 'apiextensions.k8s.io/v1', {
      metadata: { name: 'things.limits.warren.dev' },
      spec: { ...spec, versions: [{ name: 'v1', served: true, storage: true, schema, ...version }], ...rest },
    });
  const clientConfig = { url: 'https://example.com/convert' };
  const cases: readonly (readonly [what: string, body: JsonObject])[] = [
    [
      'conversion by webhook',
      definition({
        conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } },
      }),
    ],
    [
      'the scale subresource',
      definition({}, { subresources: { scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' } } }),
    ],
  ];
  for (const [what, body] of cases) {
    t.equal((await theirs.call('POST', `${CRDS}?dryRun=All`, { body })).code, 201, `a real server: ${what}`);
    t.equal((await ours.call('POST', `${CRDS}?dryRun=All`, { body })).code, 422, `the embedded server: ${what}`);
  }
});

t.test('everybody may do everything: there is no RBAC on the embedded server', async (t) => {
  const stranger = serviceAccount('default', 'stranger');
  t.equal((await theirs.as(stranger)('GET', '/api/v1/secrets')).code, 403);
  t.equal((await ours.as(stranger)('GET', '/api/v1/secrets')).code, 200);
});
