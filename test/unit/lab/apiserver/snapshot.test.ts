// What is kept between runs of the server.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startApiServer } from '../../../../lib/lab/apiserver/server.ts';
import { silentLogger } from '../../../../lib/telemetry/log.ts';
import { start, TOKEN, widgetDefinition } from './start.ts';
import { MERGE, talkTo, until, WIDGETS, widget } from './talk.ts';

async function snapshotFile(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'warren-snapshot-'));
  t.teardown(() => rm(directory, { recursive: true }));
  return join(directory, 'state');
}

t.test('a restart brings everything back, and versions go on', async (t) => {
  const file = await snapshotFile(t);
  const first = await start(t, { snapshotFile: file });
  const talk = talkTo(first.url);
  const made = await talk('POST', WIDGETS, { body: widget('a', { finalizers: ['warren.dev/x'] }) });
  await talk('POST', '/api/v1/namespaces', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } },
  });
  await talk('DELETE', `${WIDGETS}/a`);
  const before = await talk('GET', `${WIDGETS}/a`);
  await first.server.stop();

  const second = await start(t, { snapshotFile: file });
  const again = talkTo(second.url);
  t.same(await again('GET', `${WIDGETS}/a`), before, 'the object, its uid, its deletion');
  t.equal((await again('GET', '/api/v1/namespaces/team')).code, 200);
  const old = made.body.metadata['resourceVersion'] as string;
  const gone = { code: 200, body: { type: 'ERROR', object: { code: 410 } } };
  t.match(await again('GET', `${WIDGETS}?watch=true&resourceVersion=${old}`), gone, 'its history is gone');
  const next = await again('POST', WIDGETS, { body: widget('b') });
  t.ok(
    Number(next.body.metadata['resourceVersion']) > Number(before.body.metadata['resourceVersion']),
    'no version comes twice',
  );
  const freed = await again('PATCH', `${WIDGETS}/a`, { type: MERGE, body: { metadata: { finalizers: null } } });
  t.equal(freed.code, 200);
  t.equal((await again('GET', `${WIDGETS}/a`)).code, 404, 'the deletion goes on');
});

t.test('a change is on disk soon, whole, and for nobody else to read', async (t) => {
  const file = await snapshotFile(t);
  const { url } = await start(t, { snapshotFile: file });
  await talkTo(url)('POST', WIDGETS, { body: widget('soon') });
  await until('the file', async () => (await readFile(file, 'utf8').catch(() => '')).includes('"soon"'), 10_000);
  t.equal((await stat(file)).mode & 0o777, 0o600);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  for (const line of lines) JSON.parse(line);
  t.same(await readdir(join(file, '..')), ['state'], 'no temporary file is left');
});

t.test('definitions made through the API are served again', async (t) => {
  const file = await snapshotFile(t);
  const first = await start(t, { snapshotFile: file, crds: [] });
  await talkTo(first.url)('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    body: widgetDefinition,
  });
  await talkTo(first.url)('POST', WIDGETS, { body: widget('a') });
  await first.server.stop();
  const second = await start(t, { snapshotFile: file, crds: [] });
  t.equal((await talkTo(second.url)('GET', `${WIDGETS}/a`)).code, 200);
});

t.test('a damaged file is refused with its line and what to do', async (t) => {
  const cases = [
    ['nonsense', /line 1: .*Remove the file/s],
    ['{"format":"other","version":1}', /line 1: not a snapshot of format/],
    ['{"format":"warren-lab-apiserver/1","version":5}\n{"resource":"/nodes"', /line 2: /],
    [
      '{"format":"warren-lab-apiserver/1","version":5}\n{"resource":"/nodes","object":{"kind":"Node"}}',
      /line 2: .*apiVersion/,
    ],
  ] as const;
  for (const [content, message] of cases) {
    const file = await snapshotFile(t);
    await writeFile(file, content);
    const tokens = new Map([[TOKEN, { name: 'admin', groups: [] }]]);
    await t.rejects(startApiServer({ listeners: [], crds: [], tokens, snapshotFile: file, log: silentLogger }), {
      message,
    });
  }
});
