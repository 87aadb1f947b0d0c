// The harness itself: both servers have what deploy/ defines, and know who calls.
import t from 'tap';
import { serviceAccount, withApiServers } from './harness.ts';

const NETWORKS = '/apis/warren.dev/v1alpha1/networks';
const network = (name: string) => ({
  apiVersion: 'warren.dev/v1alpha1',
  kind: 'Network',
  metadata: { name },
  spec: {},
});
const whoAmI = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
const WHO_AM_I = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

withApiServers(t, async (t, api) => {
  t.test('serves the kinds of deploy/', async (t) => {
    t.equal((await api.call('POST', NETWORKS, { body: network('blue') })).code, 201);
    t.equal((await api.call('GET', `${NETWORKS}/blue`)).body['kind'], 'Network');
  });

  t.test('calls as a user, with groups and the node of a token', async (t) => {
    const call = api.as(serviceAccount('warren-system', 'warren-agent', 'n1'));
    const { body } = await call('POST', WHO_AM_I, { body: whoAmI });
    t.match(body, {
      status: {
        userInfo: {
          username: 'system:serviceaccount:warren-system:warren-agent',
          groups: ['system:serviceaccounts', 'system:serviceaccounts:warren-system', 'system:authenticated'],
          extra: { 'authentication.kubernetes.io/node-name': ['n1'] },
        },
      },
    });
  });

  t.test('calls with the token of a service account that is bound to a node', async (t) => {
    const metadata = { name: 'n7' };
    await api.call('POST', '/api/v1/nodes', { body: { apiVersion: 'v1', kind: 'Node', metadata } });
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' } };
    t.equal((await api.call('POST', accounts, { body })).code, 201);
    const call = api.withToken(await api.tokenOf('default', 'a', 'n7'));
    const answer = await call('POST', WHO_AM_I, { body: whoAmI });
    t.match(answer.body, {
      status: {
        userInfo: {
          username: 'system:serviceaccount:default:a',
          extra: { 'authentication.kubernetes.io/node-name': ['n7'] },
        },
      },
    });
  });

  t.test('refuses a wrong token', async (t) => {
    t.equal((await api.withToken('wrong')('GET', NETWORKS)).code, 401);
  });

  t.test('gives a client of lib/kube', async (t) => {
    t.match(api.kubeconfig(), 'current-context: test');
    t.equal(api.config().getCurrentCluster()?.server, api.server.url);
  });
});
