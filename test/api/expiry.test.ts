// Versions that the server has forgotten, which takes a server that forgets quickly: both answer 410 alike, and offer the same way on.
import t from 'tap';
import { asString, at, type JsonObject } from '../../lib/lab/apiserver/json.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { Recorder } from '../unit/lab/apiserver/contract/recorder.ts';
import type { Server } from '../unit/lab/apiserver/contract/send.ts';
import { widgetDefinition } from '../unit/lab/apiserver/start.ts';
import { applyDefinitions } from './deployed.ts';
import { startEmbeddedServer, startRealServer } from './servers.ts';

const WIDGETS = '/apis/test.warren.dev/v1/widgets';
const NAMES = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const widget = (name: string): JsonObject => ({
  apiVersion: 'test.warren.dev/v1',
  kind: 'Widget',
  metadata: { name },
  spec: { color: 'red' },
});

/** Makes the server forget every version up to now. */
type Forget = (recorder: Recorder, version: string) => Promise<void>;

const expire: Forget = async (recorder, _version) => {
  await recorder.quietly('POST', '/lab/faults', { body: { kind: 'expire' } });
};
/** etcd is compacted at the version of an interval ago. */
const awaitCompaction: Forget = (recorder, version) =>
  eventually(async () => {
    await recorder.quietly('PATCH', `${WIDGETS}/a`, {
      type: 'application/merge-patch+json',
      body: { metadata: { labels: { now: String(Date.now()) } } },
    });
    const query = `resourceVersion=${version}&resourceVersionMatch=Exact`;
    const { kind, code } = await recorder.quietly('GET', `${WIDGETS}?${query}`);
    if (kind !== 'Status' || code !== 410) throw new Error(`version ${version} is still known`);
  }, 60_000);

async function record(server: Server, forget: Forget): Promise<Recorder> {
  const api = new Recorder(server);
  for (const name of ['a', 'b', 'c']) await api.quietly('POST', WIDGETS, { body: widget(name) });
  const page = await api.quietly('GET', `${WIDGETS}?limit=1`);
  const version = asString(at(page, 'metadata', 'resourceVersion'));
  const list = (what: string, query: string) => api.call(what, 'GET', `${WIDGETS}?${query}`, { accept: NAMES });
  await api.quietly('DELETE', `${WIDGETS}/b`);
  await api.quietly('POST', WIDGETS, { body: widget('bb') });
  await forget(api, version);
  await api.quietly('PATCH', `${WIDGETS}/a`, {
    type: 'application/merge-patch+json',
    body: { metadata: { labels: null } },
  });
  await list('an exact version', `resourceVersion=${version}&resourceVersionMatch=Exact`);
  await list('an exact version, a page', `resourceVersion=${version}&resourceVersionMatch=Exact&limit=1`);
  await list('a version at least', `resourceVersion=${version}&resourceVersionMatch=NotOlderThan`);
  const token = asString(at(page, 'metadata', 'continue'));
  const gone = await list('a token', `limit=1&continue=${token}`);
  const rest = asString(at(gone, 'metadata', 'continue'));
  const next = await list('the token of that answer', `limit=1&continue=${rest}`);
  await list('the token after it', `limit=1&continue=${asString(at(next, 'metadata', 'continue'))}`);
  return api;
}

t.test('forgotten versions', async (t) => {
  const { server: embedded } = await startEmbeddedServer(t);
  const real = await startRealServer(t, [
    '--etcd-compaction-interval=1s',
    '--feature-gates=ListFromCacheSnapshot=false',
  ]);
  for (const server of [embedded, real]) await applyDefinitions(server, [widgetDefinition]);
  const [theirs, ours] = await Promise.all([record(real, awaitCompaction), record(embedded, expire)]);
  for (const [i, exchange] of theirs.exchanges.entries()) t.strictSame(ours.exchanges[i], exchange, exchange.what);
  t.match(theirs.exchanges[0], { code: 410, body: { reason: 'Expired' } }, 'the real server has forgotten');
});
