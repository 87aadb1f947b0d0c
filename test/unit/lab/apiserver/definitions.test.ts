// Definitions that come, change and go while the server runs, and definitions that are refused.
import t from 'tap';
import type { JsonObject } from '../../../../lib/lab/apiserver/json.ts';
import { startApiServer } from '../../../../lib/lab/apiserver/server.ts';
import { silentLogger } from '../../../../lib/telemetry/log.ts';
import { ruledDefinition, start, widgetDefinition } from './start.ts';
import { MERGE, talkTo, until, WIDGETS, widget } from './talk.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const NAME = 'widgets.test.warren.dev';

t.test('a definition is served as soon as it is made, and says so', async (t) => {
  const talk = talkTo((await start(t, { crds: [] })).url);
  const response = await talk('POST', CRDS, { body: widgetDefinition });
  t.equal(response.code, 201);
  t.equal((await talk('POST', WIDGETS, { body: widget('a') })).code, 201);
  await until('it is established', async () =>
    JSON.stringify((await talk('GET', `${CRDS}/${NAME}`)).body).includes('Established'),
  );
  t.match((await talk('GET', `${CRDS}/${NAME}`)).body['status'], {
    acceptedNames: { kind: 'Widget' },
    storedVersions: ['v1'],
  });
  t.match((await talk('GET', '/apis/test.warren.dev')).body, {
    preferredVersion: { groupVersion: 'test.warren.dev/v1' },
  });
});

t.test('a change of its schema holds from then on, not for what was stored before', async (t) => {
  const talk = talkTo((await start(t)).url);
  await talk('POST', WIDGETS, { body: widget('old', {}, { color: 'red', size: 90 }) });
  const version = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size/maximum';
  const patch = [{ op: 'replace', path: version, value: 50 }];
  t.equal((await talk('PATCH', `${CRDS}/${NAME}`, { type: 'application/json-patch+json', body: patch })).code, 200);
  t.equal((await talk('POST', WIDGETS, { body: widget('new', {}, { color: 'red', size: 90 }) })).code, 422);
  const relabelled = { type: MERGE, body: { metadata: { labels: { a: 'b' } } } };
  t.equal((await talk('PATCH', `${WIDGETS}/old`, relabelled)).code, 200, 'what is not touched is not judged');
  t.equal((await talk('PATCH', `${WIDGETS}/old`, { type: MERGE, body: { spec: { size: 91 } } })).code, 422);
});

t.test('a definition that goes takes its objects with it', async (t) => {
  const talk = talkTo((await start(t)).url);
  await talk('POST', WIDGETS, { body: widget('a') });
  t.equal((await talk('DELETE', `${CRDS}/${NAME}`)).code, 200);
  const { url } = { url: WIDGETS };
  await t.rejects(talk('GET', url), SyntaxError, 'the path is gone: its 404 is plain text');
  await talk('POST', CRDS, { body: widgetDefinition });
  t.match((await talk('GET', WIDGETS)).body, { items: [] });
});

t.test('definitions that cannot be kept to are refused', async (t) => {
  const talk = talkTo((await start(t, { crds: [] })).url);
  const changed = (from: JsonObject, change: (schema: JsonObject) => void): JsonObject => {
    const copy = structuredClone(from);
    const [version] = (copy['spec'] as { versions: { schema: { openAPIV3Schema: JsonObject } }[] }).versions;
    change(version!.schema.openAPIV3Schema);
    return copy;
  };
  const spec = (schema: JsonObject): JsonObject => (schema['properties'] as { spec: JsonObject }).spec;
  const cases: [string, JsonObject, RegExp][] = [
    ['an unknown keyword', changed(widgetDefinition, (s) => (spec(s)['x-unknown'] = true)), /x-unknown/],
    [
      'a broken pattern',
      changed(widgetDefinition, (s) => (spec(s)['properties'] = { a: { type: 'string', pattern: '(' } })),
      /regular expression/,
    ],
    [
      'a rule that does not parse',
      changed(ruledDefinition, (s) => (spec(s)['x-kubernetes-validations'] = [{ rule: 'self.' }])),
      /compilation failed/,
    ],
    [
      'a rule with an unknown function',
      changed(ruledDefinition, (s) => (spec(s)['x-kubernetes-validations'] = [{ rule: 'quantity("1")' }])),
      /quantity/,
    ],
    [
      'a rule that gives no truth',
      changed(ruledDefinition, (s) => (spec(s)['x-kubernetes-validations'] = [{ rule: '1 + 1' }])),
      /must give a bool/,
    ],
    ['another name', { ...widgetDefinition, metadata: { name: 'x.test.warren.dev' } }, /spec.names.plural/],
    [
      'conversion by webhook',
      {
        ...widgetDefinition,
        spec: { ...(widgetDefinition['spec'] as JsonObject), conversion: { strategy: 'Webhook' } },
      },
      /conversion/,
    ],
  ];
  for (const [what, body, message] of cases)
    t.match(await talk('POST', CRDS, { body }), { code: 422, body: { message } }, what);
  const broken = changed(widgetDefinition, (s) => (s['nope'] = 1));
  await t.rejects(
    startApiServer({ listeners: [], crds: [broken], tokens: new Map(), log: silentLogger }),
    { message: /widgets.test.warren.dev: .*nope/ },
    'at the start too',
  );
});
