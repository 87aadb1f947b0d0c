/** What an API server is asked about versions of the past, pages, and bookmarks. */
import { asString, at, type JsonObject } from '../../../../../lib/lab/apiserver/json.ts';
import type { Scenario } from './scenarios.ts';

const WIDGETS = '/apis/test.warren.dev/v1/widgets';
const MAPS = '/api/v1/namespaces/default/configmaps';
const NAMES = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const MERGE = 'application/merge-patch+json';
const widget = (name: string, labels: JsonObject = {}, color = 'red'): JsonObject => ({
  apiVersion: 'test.warren.dev/v1',
  kind: 'Widget',
  metadata: { name, labels },
  spec: { color },
});
const versionOf = (object: JsonObject): string => asString(at(object, 'metadata', 'resourceVersion'));
const tokenOf = (list: JsonObject): string => asString(at(list, 'metadata', 'continue'));
const encode = (token: JsonObject): string => Buffer.from(JSON.stringify(token)).toString('base64url');

const pages: Scenario = {
  name: 'pages and past versions',
  async run(api) {
    const list = (what: string, query: string, path = WIDGETS) =>
      api.call(what, 'GET', `${path}?${query}`, { accept: NAMES });
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await api.quietly('POST', WIDGETS, { body: widget(name, { half: name < 'c' ? '1' : '2' }) });
    const first = await list('a first page', 'limit=2');
    const at = versionOf(first);
    await api.quietly('DELETE', `${WIDGETS}/c`);
    await api.quietly('POST', WIDGETS, { body: widget('bb') });
    const second = await list('the next page is of the same version', `limit=2&continue=${tokenOf(first)}`);
    await list('the last page', `limit=2&continue=${tokenOf(second)}`);
    await list('the rest in one', `continue=${tokenOf(first)}`);
    await list('a page with a version', `limit=2&continue=${tokenOf(first)}&resourceVersion=${at}`);
    await list('a page with version 0', `limit=2&continue=${tokenOf(first)}&resourceVersion=0`);
    await list('a page with a match', `continue=${tokenOf(first)}&resourceVersionMatch=Exact&resourceVersion=${at}`);
    await list('now', '');
    await list('then', `resourceVersion=${at}&resourceVersionMatch=Exact`);
    await list('then, by label', `resourceVersion=${at}&resourceVersionMatch=Exact&labelSelector=half%3D2`);
    await list('then, a page', `resourceVersion=${at}&resourceVersionMatch=Exact&limit=3`);
    await list('not older than then', `resourceVersion=${at}&resourceVersionMatch=NotOlderThan`);
    await list('then without a match', `resourceVersion=${at}`);
    await list('then with a limit and no match', `resourceVersion=${at}&limit=10`);
    await list('a token of nonsense', `continue=${encode({ v: 'meta.k8s.io/v1', start: 'x' })}`);
    await list('a token of another API', `continue=${encode({ v: 'v9', rv: 5, start: 'a\u0000' })}`);
    await list('a token without a start', `continue=${encode({ v: 'meta.k8s.io/v1', rv: 5, start: '' })}`);
    await list('a token that leaves the folder', `continue=${encode({ v: 'meta.k8s.io/v1', rv: 5, start: '../x' })}`);
    await list('a limit below zero', 'limit=-1');
    await list('a limit at version 0', 'limit=1&resourceVersion=0');
    await list('page by page of one name', 'limit=1&fieldSelector=metadata.name%3Da');
    await api.quietly('DELETE', WIDGETS);
  },
};

const bookmarks: Scenario = {
  name: 'bookmarks and streams',
  async run(api) {
    const first = await api.quietly('POST', WIDGETS, { body: widget('a', { x: '1' }) });
    await api.quietly('POST', WIDGETS, { body: widget('b', { x: '2' }) });
    const since = `resourceVersion=${versionOf(first)}`;
    const stream = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    await api.watch('a stream of what a selector finds', `${WIDGETS}?${stream}&labelSelector=x%3D1`);
    await api.watch('a stream by a field', `${WIDGETS}?${stream}&fieldSelector=spec.color%3Dred`);
    await api.watch('a stream of one name', `${WIDGETS}?${stream}&fieldSelector=metadata.name%3Da`);
    await api.watch('a stream from a version', `${WIDGETS}?${stream}&${since}`);
    await api.watch('a stream without bookmarks', `${WIDGETS}?${stream.replace('true&allow', 'true&noAllow')}`);
    await api.watch('a stream of an empty list', `${WIDGETS}?${stream}&labelSelector=x%3D3`);
    await api.watch('a stream of tables', `${WIDGETS}?${stream}`, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    await api.watch('a stream of metadata', `${WIDGETS}?${stream}`, {
      accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    });
    await api.watch('metadata', `${WIDGETS}?${since}`, {
      accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    });
    await api.watch('with a limit', `${WIDGETS}?${since}&limit=1`);
    await api.watch('with a token', `${WIDGETS}?continue=abc`);
    await api.watch('of the beginning of time', `${WIDGETS}?resourceVersion=1`);
    await api.call('a stream that is no watch', 'GET', `${WIDGETS}?${stream}`);
    await api.call('watching as a list', 'GET', `${WIDGETS}?watch=false&limit=1`, { accept: NAMES });
    await api.quietly('DELETE', WIDGETS);
  },
};

const core: Scenario = {
  name: 'pages and watches of a core kind',
  async run(api) {
    const map = (name: string, data: JsonObject = {}): JsonObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data,
    });
    const first = await api.quietly('POST', MAPS, { body: map('a') });
    for (const name of ['b', 'c']) await api.quietly('POST', MAPS, { body: map(name) });
    await api.quietly('PATCH', `${MAPS}/b`, { type: MERGE, body: { data: { x: '1' } } });
    await api.quietly('DELETE', `${MAPS}/c`);
    await api.watch('from a version', `${MAPS}?resourceVersion=${versionOf(first)}`);
    await api.watch('in all namespaces', `/api/v1/configmaps?resourceVersion=${versionOf(first)}`);
    await api.watch('by name', `${MAPS}?resourceVersion=${versionOf(first)}&fieldSelector=metadata.name%3Db`);
    const page = await api.call('a page', 'GET', `${MAPS}?limit=1`, { accept: NAMES });
    await api.call('the next', 'GET', `${MAPS}?limit=1&continue=${tokenOf(page)}`, { accept: NAMES });
    await api.call('a table page', 'GET', `${MAPS}?limit=1`, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    await api.call('as YAML', 'GET', `${MAPS}/b`, { accept: 'application/yaml' });
    await api.call('two representations', 'GET', `${MAPS}/b`, {
      accept: 'application/json;as=Unknown;v=v1;g=meta.k8s.io, application/json',
    });
    await api.call('a selector over a field that is not offered', 'DELETE', `${MAPS}?fieldSelector=data.x%3D1`);
    await api.call('deleting by name in a selector', 'DELETE', `${MAPS}?fieldSelector=metadata.name%3Db`);
    await api.call('deleting a collection, dry', 'DELETE', `${MAPS}?dryRun=All`);
    await api.call('what is left', 'GET', MAPS, { accept: NAMES });
    await api.quietly('POST', MAPS, { body: map('e') });
    await api.call('applying to what nobody has followed', 'PATCH', `${MAPS}/e?fieldManager=me`, {
      type: 'application/apply-patch+yaml',
      body: { ...map('e'), data: { y: '2' } },
    });
    await api.quietly('POST', MAPS, { body: map('f') });
    await api.quietly('PATCH', `${MAPS}/f`, { type: MERGE, body: { data: { x: '1' } } });
    await api.call('applying to what somebody changed unfollowed', 'PATCH', `${MAPS}/f?fieldManager=me`, {
      type: 'application/apply-patch+yaml',
      body: { ...map('f'), data: { x: '2' } },
    });
    await api.call('applying that by force', 'PATCH', `${MAPS}/f?fieldManager=me&force=true`, {
      type: 'application/apply-patch+yaml',
      body: { ...map('f'), data: { x: '2' } },
    });
    await api.watch(
      'a stream of tables',
      `${MAPS}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
      {
        accept: TABLE,
      },
    );
    await api.watch(
      'a stream of metadata',
      `${MAPS}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=none`,
      {
        accept: TABLE,
      },
    );
    await api.quietly('DELETE', MAPS);
  },
};

export const versionScenarios: readonly Scenario[] = [pages, bookmarks, core];
