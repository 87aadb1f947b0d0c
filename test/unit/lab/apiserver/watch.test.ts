// Watches and lists over time: resuming, expiry, bookmarks, pages of a state that changes meanwhile.
import t from 'tap';
import { start } from './start.ts';
import { MERGE, names, talkTo, until, watch, WIDGETS, widget } from './talk.ts';

t.test('a watch resumes from any version that is still in the history', async (t) => {
  const { url } = await start(t);
  const talk = talkTo(url);
  const versions: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    const { body } = await talk('POST', WIDGETS, { body: widget(name) });
    versions.push(body.metadata['resourceVersion'] as string);
  }
  for (const [i, version] of versions.entries()) {
    const open = await watch(t, url, `${WIDGETS}?resourceVersion=${version}`);
    const expected = ['b', 'c'].slice(i).map((name) => `ADDED ${name}`);
    await until(`events after ${version}`, () => open.events.length === expected.length);
    t.same(names(open.events), expected);
  }
});

t.test('a version that has left the history is expired', async (t) => {
  const { url } = await start(t, { historySize: 10 });
  const talk = talkTo(url);
  const first = await talk('POST', WIDGETS, { body: widget('a') });
  const version = first.body.metadata['resourceVersion'] as string;
  for (let size = 1; size <= 40; size++) await talk('PATCH', `${WIDGETS}/a`, { type: MERGE, body: { spec: { size } } });
  const { code, body } = await talk('GET', `${WIDGETS}?watch=true&resourceVersion=${version}`);
  t.match(
    { code, body },
    {
      code: 200,
      body: { type: 'ERROR', object: { code: 410, message: /^too old resource version: \d+ \(\d+\)$/ } },
    },
  );
  const exact = await talk('GET', `${WIDGETS}?resourceVersion=${version}&resourceVersionMatch=Exact`);
  t.match(exact, { code: 410, body: { reason: 'Expired' } });
});

t.test('changes arrive in order and exactly once while a long state is being sent', async (t) => {
  const { url } = await start(t);
  const talk = talkTo(url);
  const count = 400;
  for (let i = 0; i < count; i++)
    await talk('POST', WIDGETS, { body: widget(`w${i}`, {}, { color: 'red', extra: { text: 'x'.repeat(2000) } }) });
  const opening = watch(t, url, WIDGETS);
  const writes = Array.from({ length: 20 }, (_, i) => talk('POST', WIDGETS, { body: widget(`late${i}`) }));
  const [open] = await Promise.all([opening, ...writes]);
  await until('all events', () => open.events.length >= count + 20);
  const seen = names(open.events);
  t.equal(new Set(seen).size, count + 20, 'each once');
  const late = open.events.filter(({ object }) => (object.metadata['name'] as string).startsWith('late'));
  const versions = late.map(({ object }) => Number(object.metadata['resourceVersion']));
  t.same(
    versions,
    [...versions].sort((a, b) => a - b),
    'in the order of their versions',
  );
});

t.test('pages show one state, whatever happens between them', async (t) => {
  const { url } = await start(t);
  const talk = talkTo(url);
  for (const name of ['a', 'b', 'c', 'd', 'e']) await talk('POST', WIDGETS, { body: widget(name) });
  const first = await talk('GET', `${WIDGETS}?limit=2`);
  await talk('DELETE', `${WIDGETS}/d`);
  await talk('POST', WIDGETS, { body: widget('cc') });
  await talk('PATCH', `${WIDGETS}/e`, { type: MERGE, body: { spec: { color: 'blue' } } });
  const next = await talk('GET', `${WIDGETS}?limit=9&continue=${first.body.metadata['continue'] as string}`);
  const items = next.body['items'] as { metadata: { name: string }; spec: { color: string } }[];
  t.same(
    items.map(({ metadata, spec }) => [metadata.name, spec.color]),
    [
      ['c', 'red'],
      ['d', 'red'],
      ['e', 'red'],
    ],
  );
  t.equal(next.body.metadata['resourceVersion'], first.body.metadata['resourceVersion']);
});

t.test('a page token that is expired offers an inconsistent rest', async (t) => {
  const { url, server } = await start(t);
  const talk = talkTo(url);
  for (const name of ['a', 'b', 'c']) await talk('POST', WIDGETS, { body: widget(name) });
  const first = await talk('GET', `${WIDGETS}?limit=1`);
  server.faults.add({ kind: 'expire' });
  const gone = await talk('GET', `${WIDGETS}?limit=1&continue=${first.body.metadata['continue'] as string}`);
  t.match(gone, { code: 410, body: { reason: 'Expired', message: /^The provided continue parameter is too old/ } });
  const rest = await talk('GET', `${WIDGETS}?continue=${gone.body.metadata['continue'] as string}`);
  t.equal((rest.body['items'] as unknown[]).length, 2, 'the rest, at the current version');
});

t.test('a watch of one label sees objects come into and go out of it', async (t) => {
  const { url } = await start(t);
  const talk = talkTo(url);
  const open = await watch(t, url, `${WIDGETS}?labelSelector=on`);
  await talk('POST', WIDGETS, { body: widget('a') });
  const label = (on: string | null) =>
    talk('PATCH', `${WIDGETS}/a`, { type: MERGE, body: { metadata: { labels: { on } } } });
  await label('x');
  await label('y');
  await label(null);
  await until('three events', () => open.events.length === 3);
  t.same(names(open.events), ['ADDED a', 'MODIFIED a', 'DELETED a']);
  t.match(open.events[2]?.object.metadata, { labels: { on: 'y' } }, 'as it was last seen');
});

t.test('bookmarks come shortly before the end', async (t) => {
  const { url } = await start(t);
  const open = await watch(t, url, `${WIDGETS}?allowWatchBookmarks=true&timeoutSeconds=3&resourceVersion=0`);
  await until('the end', () => open.ended !== undefined);
  t.equal(open.ended, 'closed');
  t.same(
    open.events.map(({ type }) => type),
    ['BOOKMARK'],
  );
  t.match(open.events[0]?.object, { kind: 'Widget', metadata: { resourceVersion: /^\d+$/ } });
});
