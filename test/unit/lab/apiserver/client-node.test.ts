// The JavaScript client for Kubernetes against the embedded API server.
import {
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  V1ConfigMap,
  V1Lease,
  V1LeaseSpec,
  V1MicroTime,
  V1ObjectMeta,
  makeInformer,
  Watch,
} from '@kubernetes/client-node';
import t, { type Test } from 'tap';
import { start, TOKEN } from './start.ts';
import { until, WIDGETS, widget } from './talk.ts';

async function connect(t: Test) {
  const { url, server } = await start(t);
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'lab', server: url, skipTLSVerify: true }, { name: 'admin', token: TOKEN });
  return { config, server };
}

const where = { group: 'test.warren.dev', version: 'v1', plural: 'widgets' };
type Named = { metadata: { name: string } };

const named = (name: string): V1ObjectMeta => Object.assign(new V1ObjectMeta(), { name });
const configMap = (name: string): V1ConfigMap =>
  Object.assign(new V1ConfigMap(), { metadata: named(name), data: { x: '1' } });
const lease = (name: string, spec: Partial<V1LeaseSpec>): V1Lease =>
  Object.assign(new V1Lease(), { metadata: named(name), spec: Object.assign(new V1LeaseSpec(), spec) });

t.test('typed calls: create, list, conflict, delete', async (t) => {
  const { config } = await connect(t);
  const core = config.makeApiClient(CoreV1Api);
  const created = await core.createNamespacedConfigMap({ namespace: 'default', body: configMap('a') });
  t.match(created, { kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } });
  t.equal((await core.listNamespacedConfigMap({ namespace: 'default' })).items.length, 1);
  await t.rejects(core.createNamespacedConfigMap({ namespace: 'default', body: configMap('a') }), { code: 409 });
  t.match(await core.deleteNamespacedConfigMap({ name: 'a', namespace: 'default' }), { status: 'Success' });
  const made = await config.makeApiClient(CoordinationV1Api).createNamespacedLease({
    namespace: 'kube-system',
    body: lease('l', { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime: new V1MicroTime() }),
  });
  t.equal(made.spec?.holderIdentity, 'me');
});

t.test('objects of any kind are found by discovery', async (t) => {
  const { config } = await connect(t);
  const objects = KubernetesObjectApi.makeApiClient(config);
  const reference = widget('a') as never;
  await objects.create(reference);
  t.match(await objects.read(reference), {
    spec: { color: 'red', size: 10 },
  });
  await objects.delete(reference);
});

t.test('a watch delivers changes', async (t) => {
  const { config } = await connect(t);
  const events: string[] = [];
  const controller = await new Watch(config).watch(
    WIDGETS,
    { allowWatchBookmarks: true },
    (phase: string, object: Named) => events.push(`${phase} ${object.metadata.name}`),
    () => undefined,
  );
  t.teardown(() => controller.abort());
  await config.makeApiClient(CustomObjectsApi).createClusterCustomObject({ ...where, body: widget('a') });
  await until('the event', () => events.length === 1);
  t.same(events, ['ADDED a']);
});

t.test('an informer lives through drops and expired versions', async (t) => {
  const { config, server } = await connect(t);
  const api = config.makeApiClient(CustomObjectsApi);
  const list = () => api.listClusterCustomObject(where);
  const informer = makeInformer<Named & object>(config, WIDGETS, list as never);
  const restart = (): void => void informer.start();
  informer.on('error', restart);
  await informer.start();
  t.teardown(async () => {
    informer.off('error', restart);
    await informer.stop();
  });
  const held = () =>
    informer
      .list()
      .map(({ metadata }) => metadata.name)
      .sort();
  await api.createClusterCustomObject({ ...where, body: widget('a') });
  await until('a', () => held().includes('a'));
  server.faults.add({ kind: 'drop' });
  await api.createClusterCustomObject({ ...where, body: widget('b') });
  await until('b, after a drop', () => held().includes('b'), 15_000);
  server.faults.add({ kind: 'expire', watches: true });
  await api.deleteClusterCustomObject({ ...where, name: 'a' });
  await api.createClusterCustomObject({ ...where, body: widget('c') });
  await until('b and c, after expiry', () => held().join() === 'b,c', 15_000);
  t.same(held(), ['b', 'c']);
});
