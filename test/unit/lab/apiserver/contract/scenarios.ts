/** What an API server is asked; each scenario begins and ends with none of its objects there. */
import { asString, at, type JsonObject } from '../../../../../lib/lab/apiserver/json.ts';
import type { Recorder } from './recorder.ts';

export interface Scenario {
  readonly name: string;
  run(api: Recorder): Promise<void>;
}

const WIDGETS = '/apis/test.warren.dev/v1/widgets';
const MERGE = 'application/merge-patch+json';
const widget = (name: string, spec: JsonObject = { color: 'red' }, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'test.warren.dev/v1',
  kind: 'Widget',
  metadata: { name, ...metadata },
  spec,
});
/** A text of the metadata. */
const textOf = (object: JsonObject, key: string): string => asString(at(object, 'metadata', key));
const meta = (object: JsonObject): JsonObject => object['metadata'] as JsonObject;

const create: Scenario = {
  name: 'creating custom resources',
  async run(api) {
    await api.call('a valid object', 'POST', WIDGETS, { body: widget('a') });
    await api.call('the same again', 'POST', WIDGETS, { body: widget('a') });
    await api.call('in dry run', 'POST', `${WIDGETS}?dryRun=All`, { body: widget('b') });
    await api.call('dry run stored nothing', 'GET', `${WIDGETS}/b`);
    await api.call('with a status, a uid, a generation', 'POST', WIDGETS, {
      body: {
        ...widget('c', { color: 'blue' }, { uid: 'mine', generation: 7, deletionTimestamp: '2020-01-01T00:00:00Z' }),
        status: { phase: 'x' },
      },
    });
    await api.call('with a resourceVersion', 'POST', WIDGETS, {
      body: widget('d', { color: 'red' }, { resourceVersion: '5' }),
    });
    await api.call('without a name', 'POST', WIDGETS, { body: widget('') });
    await api.call('with a bad name', 'POST', WIDGETS, { body: widget('Bad_Name') });
    await api.call('with a name that the schema does not allow', 'POST', WIDGETS, { body: widget('a.b.c.d.e.f') });
    await api.call('with a namespace', 'POST', WIDGETS, {
      body: widget('e', { color: 'red' }, { namespace: 'default' }),
    });
    await api.call('another kind', 'POST', WIDGETS, { body: { ...widget('f'), kind: 'Gadget' } });
    await api.call('another version', 'POST', `${WIDGETS}?fieldValidation=Ignore`, {
      body: { ...widget('f'), apiVersion: 'test.warren.dev/v2' },
    });
    await api.call('no kind', 'POST', WIDGETS, { body: { apiVersion: 'test.warren.dev/v1', metadata: { name: 'g' } } });
    await api.call('bad JSON', 'POST', WIDGETS, { raw: '{"a":' });
    await api.call('a list', 'POST', WIDGETS, { body: [] });
    await api.call('unknown media type', 'POST', WIDGETS, { raw: 'x', type: 'text/plain' });
    await api.call('YAML', 'POST', WIDGETS, {
      raw: 'apiVersion: test.warren.dev/v1\nkind: Widget\nmetadata:\n  name: yaml\nspec:\n  color: green\n',
      type: 'application/yaml',
    });
    await api.call('a bad label', 'POST', WIDGETS, {
      body: widget('h', { color: 'red' }, { labels: { 'a b': 'x', ok: 'not ok!' } }),
    });
    await api.call('a bad annotation key', 'POST', WIDGETS, {
      body: widget('h', { color: 'red' }, { annotations: { 'a b': 'x' } }),
    });
    await api.call('a bad finalizer', 'POST', WIDGETS, {
      body: widget('h', { color: 'red' }, { finalizers: ['no slash'] }),
    });
    await api.call('labels of the wrong type', 'POST', WIDGETS, {
      body: widget('h', { color: 'red' }, { labels: { a: 5 } }),
    });
    await api.call('an owner without uid', 'POST', WIDGETS, {
      body: widget(
        'h',
        { color: 'red' },
        { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: '' }] },
      ),
    });
    await api.quietly('DELETE', WIDGETS);
  },
};

const validation: Scenario = {
  name: 'validating custom resources',
  async run(api) {
    const attempt = (what: string, spec: JsonObject) => api.call(what, 'POST', WIDGETS, { body: widget('v', spec) });
    await attempt('a missing required field', {});
    await attempt('a value outside the enum', { color: 'pink' });
    await attempt('below the minimum', { color: 'red', size: 0 });
    await attempt('above the maximum', { color: 'red', size: 101 });
    await attempt('a string for an integer', { color: 'red', size: 'big' });
    await attempt('a fraction for an integer', { color: 'red', size: 1.5 });
    await attempt('a number for a string', { color: 'red', name: 5 });
    await attempt('null where it is not allowed', { color: 'red', name: null });
    await attempt('a pattern that does not match', { color: 'red', name: 'AB' });
    await attempt('a text that is too long', { color: 'red', name: 'abcdefgh' });
    await attempt('a bad date-time', { color: 'red', since: 'yesterday' });
    await attempt('an exclusive minimum', { color: 'red', ratio: 0 });
    await attempt('an array for an object', { color: 'red', labels: [] });
    await attempt('a bad map value', { color: 'red', labels: { a: 1 } });
    await attempt('a boolean for int-or-string', { color: 'red', limit: true });
    await attempt('too many items', { color: 'red', tags: ['a', 'b', 'c', 'd'] });
    await attempt('duplicates in a set', { color: 'red', tags: ['a', 'a'] });
    await attempt('duplicates in a keyed list', { color: 'red', parts: [{ name: 'a' }, { name: 'a' }] });
    await attempt('an item without its key', { color: 'red', parts: [{ count: 1 }] });
    await attempt('two mistakes', { color: 'pink', size: 0 });
    await api.call('spec of the wrong type', 'POST', WIDGETS, { body: { ...widget('v'), spec: 'x' } });
    await api.call('no spec', 'POST', WIDGETS, {
      body: { apiVersion: 'test.warren.dev/v1', kind: 'Widget', metadata: { name: 'v' } },
    });
    await attempt('null where it is allowed, defaults in lists, any extra', {
      color: 'red',
      note: null,
      limit: '10%',
      parts: [{ name: 'a' }],
      extra: { any: { thing: [1] } },
      labels: { a: 'b' },
    });
    await api.quietly('DELETE', WIDGETS);
  },
};

const unknownFields: Scenario = {
  name: 'unknown fields',
  async run(api) {
    const body = {
      ...widget('u', { color: 'red', size: 5, sise: 5, parts: [{ name: 'a', x: 1 }] }, { foo: 'bar' }),
      extra: 1,
    };
    await api.call('by default', 'POST', WIDGETS, { body });
    await api.quietly('DELETE', WIDGETS);
    for (const how of ['Strict', 'Warn', 'Ignore', 'Other']) {
      await api.call(how, 'POST', `${WIDGETS}?fieldValidation=${how}`, { body });
      await api.quietly('DELETE', WIDGETS);
    }
    await api.call('duplicate keys, strict', 'POST', `${WIDGETS}?fieldValidation=Strict`, {
      raw: '{"apiVersion":"test.warren.dev/v1","kind":"Widget","metadata":{"name":"u"},"spec":{"color":"red","color":"red"}}',
    });
    await api.quietly('DELETE', WIDGETS);
  },
};

const update: Scenario = {
  name: 'updating custom resources',
  async run(api) {
    const first = await api.quietly('POST', WIDGETS, { body: widget('a') });
    const changed = (spec: JsonObject, metadata: JsonObject = {}): JsonObject => ({
      ...first,
      metadata: { ...meta(first), ...metadata },
      spec,
    });
    await api.call('without a change', 'PUT', `${WIDGETS}/a`, { body: first });
    const second = await api.call('the spec', 'PUT', `${WIDGETS}/a`, { body: changed({ color: 'green' }) });
    await api.call('a stale version', 'PUT', `${WIDGETS}/a`, { body: changed({ color: 'blue' }) });
    await api.call('without a version', 'PUT', `${WIDGETS}/a`, { body: widget('a', { color: 'blue' }) });
    await api.call('a broken version', 'PUT', `${WIDGETS}/a`, {
      body: widget('a', { color: 'blue' }, { resourceVersion: 'x' }),
    });
    await api.call('another uid', 'PUT', `${WIDGETS}/a`, {
      body: { ...second, metadata: { ...meta(second), uid: '00000000-0000-0000-0000-000000000000' } },
    });
    await api.call('another name', 'PUT', `${WIDGETS}/b`, { body: second });
    await api.call('what is not there', 'PUT', `${WIDGETS}/b`, {
      body: widget('b', { color: 'red' }, { resourceVersion: '1' }),
    });
    const third = await api.call('labels only: no new generation', 'PUT', `${WIDGETS}/a`, {
      body: { ...second, metadata: { ...meta(second), labels: { a: 'b' } } },
    });
    await api.call('status through the main path is ignored', 'PUT', `${WIDGETS}/a`, {
      body: { ...third, status: { phase: 'x' } },
    });
    const status = await api.call('status, and nothing else, through its own path', 'PUT', `${WIDGETS}/a/status`, {
      body: {
        ...third,
        spec: { color: 'blue' },
        metadata: { ...meta(third), labels: { c: 'd' } },
        status: { phase: 'x', bad: 1 },
      },
    });
    await api.call('reading the status', 'GET', `${WIDGETS}/a/status`);
    await api.call('an invalid status', 'PUT', `${WIDGETS}/a/status`, { body: { ...status, status: { phase: 5 } } });
    await api.call('dry run', 'PUT', `${WIDGETS}/a?dryRun=All`, { body: { ...status, spec: { color: 'blue' } } });
    await api.call('dry run with a bad value', 'PUT', `${WIDGETS}/a?dryRun=Some`, { body: status });
    await api.call('changing what is immutable', 'PUT', `${WIDGETS}/a`, {
      body: { ...status, metadata: { ...meta(status), creationTimestamp: '2020-01-01T00:00:00Z', generation: 99 } },
    });
    await api.quietly('DELETE', WIDGETS);
  },
};

const patch: Scenario = {
  name: 'patching custom resources',
  async run(api) {
    await api.quietly('POST', WIDGETS, {
      body: widget('a', { color: 'red', tags: ['a'], labels: { a: 'b', c: 'd' } }),
    });
    const send = (what: string, type: string, body: JsonObject | JsonObject[], suffix = '') =>
      api.call(what, 'PATCH', `${WIDGETS}/a${suffix}`, { type, body });
    await send('merge: set, delete, replace a list', MERGE, { spec: { size: 20, tags: ['b'], labels: { a: null } } });
    await send('merge: nothing', MERGE, {});
    await send('merge: an unknown field', MERGE, { spec: { nope: 1 } });
    await send('merge: an unknown field, strictly', MERGE, { spec: { nope: 1 } }, '?fieldValidation=Strict');
    await send('merge: an invalid value', MERGE, { spec: { size: 0 } });
    await send('merge: a stale version', MERGE, { metadata: { resourceVersion: '1' }, spec: { size: 3 } });
    await send('merge: another name', MERGE, { metadata: { name: 'b' } });
    await send('merge: status through the main path', MERGE, { status: { phase: 'x' } });
    await send('merge: status', MERGE, { status: { phase: 'x' } }, '/status');
    const JSON_PATCH = 'application/json-patch+json';
    await send('json: replace', JSON_PATCH, [{ op: 'replace', path: '/spec/size', value: 30 }]);
    await send('json: test that holds', JSON_PATCH, [
      { op: 'test', path: '/spec/size', value: 30 },
      { op: 'add', path: '/spec/tags/-', value: 'z' },
    ]);
    await send('json: test that fails', JSON_PATCH, [{ op: 'test', path: '/spec/size', value: 31 }]);
    await send('json: a path that is not there', JSON_PATCH, [{ op: 'replace', path: '/spec/none/x', value: 31 }]);
    await send('json: remove what is not there', JSON_PATCH, [{ op: 'remove', path: '/spec/none' }]);
    await send('json: no list', JSON_PATCH, {});
    await send('json: an unknown operation', JSON_PATCH, [{ op: 'frob', path: '/spec/size' }]);
    await send('strategic: not for custom resources', 'application/strategic-merge-patch+json', { spec: {} });
    await send('an unknown kind of patch', 'application/json', {});
    await api.call('bad JSON', 'PATCH', `${WIDGETS}/a`, { type: MERGE, raw: '{' });
    await api.call('what is not there', 'PATCH', `${WIDGETS}/none`, { type: MERGE, body: {} });
    await api.call('dry run', 'PATCH', `${WIDGETS}/a?dryRun=All`, { type: MERGE, body: { spec: { size: 77 } } });
    await api.call('dry run stored nothing', 'GET', `${WIDGETS}/a`);
    await api.quietly('DELETE', WIDGETS);
  },
};

const deletion: Scenario = {
  name: 'deleting custom resources',
  async run(api) {
    await api.quietly('POST', WIDGETS, { body: widget('a') });
    await api.call('what is there', 'DELETE', `${WIDGETS}/a`);
    await api.call('what is not there', 'DELETE', `${WIDGETS}/a`);
    const object = await api.quietly('POST', WIDGETS, { body: widget('b') });
    const options = (preconditions: JsonObject): JsonObject => ({
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions,
    });
    await api.call('another uid', 'DELETE', `${WIDGETS}/b`, { body: options({ uid: 'x' }) });
    await api.call('another version', 'DELETE', `${WIDGETS}/b`, { body: options({ resourceVersion: '1' }) });
    await api.call('an unknown policy', 'DELETE', `${WIDGETS}/b`, { body: { propagationPolicy: 'Never' } });
    await api.call('dry run', 'DELETE', `${WIDGETS}/b`, { body: { dryRun: ['All'] } });
    await api.call('dry run deleted nothing', 'GET', `${WIDGETS}/b`);
    await api.call('the right uid and version', 'DELETE', `${WIDGETS}/b`, {
      body: options({ uid: textOf(object, 'uid'), resourceVersion: textOf(object, 'resourceVersion') }),
    });
    await api.quietly('POST', WIDGETS, {
      body: widget('f', { color: 'red' }, { finalizers: ['warren.dev/x', 'warren.dev/y'] }),
    });
    await api.call('with finalizers', 'DELETE', `${WIDGETS}/f`);
    await api.call('with finalizers, again', 'DELETE', `${WIDGETS}/f`);
    await api.call('spec while being deleted', 'PATCH', `${WIDGETS}/f`, { type: MERGE, body: { spec: { size: 2 } } });
    await api.call('a new finalizer while being deleted', 'PATCH', `${WIDGETS}/f`, {
      type: MERGE,
      body: { metadata: { finalizers: ['warren.dev/x', 'warren.dev/z'] } },
    });
    await api.call('one finalizer less', 'PATCH', `${WIDGETS}/f`, {
      type: MERGE,
      body: { metadata: { finalizers: ['warren.dev/x'] } },
    });
    await api.call('undoing the deletion', 'PATCH', `${WIDGETS}/f`, {
      type: MERGE,
      body: { metadata: { deletionTimestamp: null } },
    });
    await api.call('the last finalizer', 'PATCH', `${WIDGETS}/f`, {
      type: MERGE,
      body: { metadata: { finalizers: [] } },
    });
    await api.call('gone', 'GET', `${WIDGETS}/f`);
    for (const name of ['c1', 'c2', 'd1']) {
      await api.quietly('POST', WIDGETS, {
        body: widget(name, { color: 'red' }, { labels: { kind: name.slice(0, 1) } }),
      });
    }
    await api.call('a collection by label', 'DELETE', `${WIDGETS}?labelSelector=kind%3Dc`);
    await api.call('what is left', 'GET', WIDGETS);
    await api.call('the whole collection', 'DELETE', WIDGETS);
  },
};

const reading: Scenario = {
  name: 'listing and selecting',
  async run(api) {
    await api.call('an empty list', 'GET', WIDGETS);
    const colors = ['red', 'green', 'blue', 'red', 'green'];
    for (const [i, color] of colors.entries()) {
      await api.quietly('POST', WIDGETS, { body: widget(`w${i}`, { color }, { labels: { color, index: String(i) } }) });
    }
    const select = (what: string, query: string) => api.call(what, 'GET', `${WIDGETS}?${query}`, { accept: NAMES });
    const labels = [
      'color=red',
      'color==red',
      'color!=red',
      'color in (red,blue)',
      'color notin (red)',
      'color',
      '!color',
      'none',
      'index>2',
      'color=red,index=0',
      'color=',
    ];
    for (const selector of labels) await select(`labels ${selector}`, `labelSelector=${encodeURIComponent(selector)}`);
    for (const selector of ['a b', 'color in red', '=x', 'color=red blue', '-x=1', 'index>x', 'color=!']) {
      await select(`bad labels ${selector}`, `labelSelector=${encodeURIComponent(selector)}`);
    }
    const fields = [
      'metadata.name=w1',
      'metadata.name!=w1',
      'spec.color=red',
      'metadata.name=w0,spec.color=red',
      'spec.color!=red',
      'spec.size=10',
      'spec.color',
      'metadata.uid=1',
    ];
    for (const selector of fields) await select(`fields ${selector}`, `fieldSelector=${encodeURIComponent(selector)}`);
    const page = await select('a page', 'limit=2');
    await select('the next page', `limit=2&continue=${textOf(page, 'continue')}`);
    await select('a page with a selector', 'limit=1&labelSelector=color%3Dred');
    await select('a broken token', 'limit=2&continue=abc');
    await select('a bad limit', 'limit=x');
    await select('version 0', 'resourceVersion=0');
    await select('an exact version', `resourceVersion=${textOf(page, 'resourceVersion')}&resourceVersionMatch=Exact`);
    await select('a match without a version', 'resourceVersionMatch=Exact');
    await select('an exact version 0', 'resourceVersion=0&resourceVersionMatch=Exact');
    await select('an unknown match', 'resourceVersion=1&resourceVersionMatch=Sometimes');
    await select('a broken version', 'resourceVersion=x');
    await select('initial events for a list', 'sendInitialEvents=true');
    await select('a version of the future', 'resourceVersion=99999999');
    await api.call('an object of the future', 'GET', `${WIDGETS}/w0?resourceVersion=99999999`);
    await api.call('an object that is not there', 'GET', `${WIDGETS}/none`);
    await api.call('a resource that is not there', 'GET', '/apis/test.warren.dev/v1/gadgets');
    await api.call('a version that is not there', 'GET', '/apis/test.warren.dev/v2/widgets');
    await api.call('a group that is not there', 'GET', '/apis/none.warren.dev/v1/widgets');
    await api.call('an unacceptable media type', 'GET', `${WIDGETS}/w0`, { accept: 'image/png' });
    await api.call('metadata only', 'GET', `${WIDGETS}/w0`, {
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    });
    await api.quietly('DELETE', WIDGETS);
  },
};
const NAMES = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

const tables: Scenario = {
  name: 'tables',
  async run(api) {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    await api.quietly('POST', WIDGETS, { body: widget('a', { color: 'red', size: 5 }) });
    await api.call('a list', 'GET', WIDGETS, { accept });
    await api.call('one object', 'GET', `${WIDGETS}/a`, { accept });
    await api.call('with objects', 'GET', `${WIDGETS}?includeObject=Object`, { accept });
    await api.call('without objects', 'GET', `${WIDGETS}?includeObject=None`, { accept });
    await api.call('with what is unknown', 'GET', `${WIDGETS}?includeObject=Some`, { accept });
    await api.call('an error is no table', 'GET', `${WIDGETS}/none`, { accept });
    await api.watch('a watch', WIDGETS, { accept });
    await api.quietly('DELETE', WIDGETS);
  },
};

const watching: Scenario = {
  name: 'watching',
  async run(api) {
    const first = await api.quietly('POST', WIDGETS, {
      body: widget('a', { color: 'red' }, { labels: { watch: 'yes' } }),
    });
    const start = textOf(first, 'resourceVersion');
    await api.quietly('PATCH', `${WIDGETS}/a`, { type: MERGE, body: { spec: { size: 2 } } });
    await api.quietly('PATCH', `${WIDGETS}/a`, { type: MERGE, body: { metadata: { labels: { watch: 'no' } } } });
    await api.quietly('PATCH', `${WIDGETS}/a`, { type: MERGE, body: { metadata: { labels: { watch: 'yes' } } } });
    await api.quietly('DELETE', `${WIDGETS}/a`);
    await api.quietly('POST', WIDGETS, { body: widget('b') });
    await api.watch('from a version', `${WIDGETS}?resourceVersion=${start}`);
    await api.watch('from a version, by label', `${WIDGETS}?resourceVersion=${start}&labelSelector=watch%3Dyes`);
    await api.watch('from a version, by name', `${WIDGETS}?resourceVersion=${start}&fieldSelector=metadata.name%3Db`);
    await api.watch('without a version', WIDGETS);
    await api.watch('from version 0', `${WIDGETS}?resourceVersion=0`);
    await api.watch(
      'a list that streams',
      `${WIDGETS}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    );
    await api.watch('no initial events', `${WIDGETS}?sendInitialEvents=false&resourceVersionMatch=NotOlderThan`);
    await api.watch('initial events without a match', `${WIDGETS}?sendInitialEvents=true`);
    await api.watch('a match without initial events', `${WIDGETS}?resourceVersionMatch=NotOlderThan&resourceVersion=1`);
    await api.watch('one object', `${WIDGETS}/b`);
    await api.watch('a broken selector', `${WIDGETS}?labelSelector=a%20b`);
    await api.watch('a broken version', `${WIDGETS}?resourceVersion=x`);
    await api.quietly('DELETE', WIDGETS);
  },
};

const generateName: Scenario = {
  name: 'generated names',
  async run(api) {
    const made = await api.quietly('POST', WIDGETS, { body: widget('', { color: 'red' }, { generateName: 'gen-' }) });
    await api.call('is found', 'GET', `${WIDGETS}?fieldSelector=metadata.name%3D${textOf(made, 'name').slice(0, 4)}`, {
      accept: NAMES,
    });
    await api.call('a bad base', 'POST', WIDGETS, {
      body: widget('fixed', { color: 'red' }, { generateName: 'Bad_' }),
    });
    await api.quietly('DELETE', WIDGETS);
  },
};

const applying: Scenario = {
  name: 'server-side apply',
  async run(api) {
    const send = (what: string, manager: string, spec: JsonObject, query = '', metadata: JsonObject = {}) =>
      api.call(what, 'PATCH', `${WIDGETS}/a?fieldManager=${manager}${query}`, {
        type: 'application/apply-patch+yaml',
        body: widget('a', spec, metadata),
      });
    await send('creates', 'one', {
      color: 'red',
      name: 'abc',
      parts: [{ name: 'x' }, { name: 'y', count: 2 }],
      labels: { a: 'b' },
    });
    await send('the same again', 'one', {
      color: 'red',
      name: 'abc',
      parts: [{ name: 'x' }, { name: 'y', count: 2 }],
      labels: { a: 'b' },
    });
    await send('another manager, other fields', 'two', { size: 5, parts: [{ name: 'z' }], labels: { c: 'd' } });
    await send('a shared value is no conflict', 'two', {
      size: 5,
      color: 'red',
      parts: [{ name: 'z' }],
      labels: { c: 'd' },
    });
    await send('a conflict', 'two', { size: 5, color: 'blue' });
    await send('two conflicts', 'two', { size: 5, color: 'blue', parts: [{ name: 'y', count: 3 }] });
    await send('by force', 'two', { size: 5, color: 'blue', parts: [{ name: 'y', count: 3 }] }, '&force=true');
    await send('fewer fields', 'one', { color: 'blue' });
    await send('labels and annotations', 'one', { color: 'blue' }, '', {
      labels: { x: 'y' },
      annotations: { p: 'q' },
      finalizers: ['warren.dev/f'],
    });
    await api.call('an update takes fields', 'PATCH', `${WIDGETS}/a`, {
      type: MERGE,
      body: { spec: { color: 'green' } },
      agent: 'editor/1',
    });
    await send('a conflict with an update', 'two', { size: 5, color: 'red' });
    await api.call('status', 'PATCH', `${WIDGETS}/a/status?fieldManager=controller`, {
      type: 'application/apply-patch+yaml',
      body: {
        ...widget('a', { color: 'red' }),
        status: { phase: 'x', conditions: [{ type: 'Ready', status: 'True' }] },
      },
    });
    await api.call('status through the main path', 'PATCH', `${WIDGETS}/a?fieldManager=main`, {
      type: 'application/apply-patch+yaml',
      body: { ...widget('a', { name: 'main' }), status: { phase: 'y' } },
    });
    await send('an unknown field', 'one', { color: 'green', nope: 1 });
    await send('an invalid value', 'one', { color: 'pink' }, '&force=true');
    await send('a stale version', 'one', { color: 'green' }, '', { resourceVersion: '1' });
    await send('no changes in dry run', 'three', { size: 9 }, '&force=true&dryRun=All');
    await api.call('without a manager', 'PATCH', `${WIDGETS}/a`, {
      type: 'application/apply-patch+yaml',
      body: widget('a'),
    });
    await api.call('another name', 'PATCH', `${WIDGETS}/b?fieldManager=one`, {
      type: 'application/apply-patch+yaml',
      body: widget('a'),
    });
    await api.call('another version', 'PATCH', `${WIDGETS}/a?fieldManager=one`, {
      type: 'application/apply-patch+yaml',
      body: { ...widget('a'), apiVersion: 'test.warren.dev/v2' },
    });
    await send('with managedFields', 'one', { color: 'green' }, '', { managedFields: [{ manager: 'x' }] });
    await api.call('status of what is not there', 'PATCH', `${WIDGETS}/none/status?fieldManager=one`, {
      type: 'application/apply-patch+yaml',
      body: widget('none'),
    });
    await api.call('bad YAML', 'PATCH', `${WIDGETS}/a?fieldManager=one`, {
      type: 'application/apply-patch+yaml',
      raw: 'a: [',
    });
    await api.call('force without apply', 'PATCH', `${WIDGETS}/a?force=true`, { type: MERGE, body: {} });
    await api.call('a manager of too many letters', 'PATCH', `${WIDGETS}/a?fieldManager=${'m'.repeat(200)}`, {
      type: MERGE,
      body: {},
    });
    await api.call('forgetting all managers', 'PATCH', `${WIDGETS}/a`, {
      type: MERGE,
      body: { metadata: { managedFields: [{}] } },
    });
    await api.quietly('PATCH', `${WIDGETS}/a`, { type: MERGE, body: { metadata: { finalizers: null } } });
    await api.quietly('DELETE', WIDGETS);
  },
};

export const scenarios: readonly Scenario[] = [
  create,
  validation,
  unknownFields,
  update,
  patch,
  deletion,
  reading,
  tables,
  watching,
  generateName,
  applying,
];
