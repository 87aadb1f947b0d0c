// Events against the lab's API server: what people find under an object, and that nothing ever waits for them.
import { type Test, test } from 'tap';
import { events } from '../../../lib/api/event.ts';
import { createEventRecorder } from '../../../lib/kube/events.ts';
import { silentLogger } from '../../../lib/telemetry/log.ts';
import { startTestApi } from '../api-server.ts';

const blue = { apiVersion: 'warren.dev/v1alpha1', kind: 'Network', name: 'blue', uid: 'u-1' };
const exhausted = { type: 'Warning', reason: 'PoolExhausted', message: 'no free subnet left' } as const;

async function startRecorder(t: Test, repeatMs: number) {
  const api = await startTestApi(t);
  const recorder = createEventRecorder(api.client, { component: 'warren-controller', logger: silentLogger, repeatMs });
  return { ...api, recorder, list: async () => (await api.client.list(events)).items };
}

test('an event names the object, the reporter and the reason', async (t) => {
  const { recorder, list } = await startRecorder(t, 30_000);
  recorder.record(blue, exhausted);
  recorder.record({ ...blue, namespace: 'kube-system', kind: 'Pod' }, exhausted);
  await recorder.flush();
  const [first, second] = (await list()).toSorted((a, b) => (a.metadata.namespace! < b.metadata.namespace! ? -1 : 1));
  t.match(first, { metadata: { namespace: 'default', name: /^blue\./ }, involvedObject: blue, ...exhausted, count: 1 });
  t.match(second, { metadata: { namespace: 'kube-system' } });
});

test('the same event again raises the count; another message is another event', async (t) => {
  const { recorder, list } = await startRecorder(t, 0);
  for (let i = 0; i < 5; i++) {
    recorder.record(blue, exhausted);
    await recorder.flush();
  }
  recorder.record(blue, { ...exhausted, message: 'still none' });
  await recorder.flush();
  t.same((await list()).map(({ message, count }) => [message, count]).sort(), [
    ['no free subnet left', 5],
    ['still none', 1],
  ]);
});

test('a burst of the same event is one write', async (t) => {
  const { recorder, list } = await startRecorder(t, 30_000);
  for (let i = 0; i < 1000; i++) recorder.record(blue, exhausted);
  await recorder.flush();
  t.equal((await list()).length, 1);
});

test('an event that was deleted meanwhile is written anew', async (t) => {
  const { recorder, list, client } = await startRecorder(t, 0);
  recorder.record(blue, exhausted);
  await recorder.flush();
  const [event] = await list();
  await client.delete(events, event!.metadata.name, { namespace: 'default' });
  recorder.record(blue, exhausted);
  await recorder.flush();
  t.match(await list(), [{ count: 2 }]);
});

test('a server that refuses fails nobody, and no flood piles up', async (t) => {
  const { recorder, list, faults } = await startRecorder(t, 0);
  const fault = faults.add({ kind: 'refuse' });
  for (let i = 0; i < 1000; i++) recorder.record(blue, { ...exhausted, message: `number ${i}` });
  await recorder.flush();
  faults.remove(fault.id);
  recorder.record(blue, exhausted);
  await recorder.flush();
  t.same(
    (await list()).map(({ message }) => message),
    ['no free subnet left'],
  );
});
