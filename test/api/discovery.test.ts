// What a client finds out about the embedded server is what it would find out about a real one that served the same kinds.
import t, { type Test } from 'tap';
import {
  asArray,
  asObject,
  asString,
  at,
  isObject,
  type Json,
  type JsonObject,
  omit,
} from '../../lib/lab/apiserver/json.ts';
import { type Api, embeddedApi, realApi } from './harness.ts';

const [ours, theirs] = [await embeddedApi(t), await realApi(t)];
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

const get = async (api: Api, path: string, accept?: string): Promise<JsonObject> => {
  const { code, body } = await api.call('GET', path, accept === undefined ? {} : { accept });
  if (code !== 200) throw new Error(`${api.name} ${path}: ${code}`);
  return body;
};

/** The items of a list by a key. */
const byKey = (list: Json | undefined, key: string): Map<string, JsonObject> =>
  new Map(asArray(list).map((item) => [asString(at(item, key)), asObject(item)]));

/** The hash tells only when a stored form changed; neither it nor the order of names is anything to go by. */
const comparable = (item: JsonObject | undefined): Json =>
  item === undefined ? null : sorted(omit(item, ['storageVersionHash']));
const sorted = (value: Json): Json =>
  isObject(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([k, v]) => [k, sorted(v)]),
      )
    : Array.isArray(value)
      ? value.map(sorted)
      : value;

/** Subresources of pods, nodes and others that only a cluster needs are not there: `pods/exec`, `nodes/proxy`, `pods/eviction`. */
const offered = (resources: Map<string, JsonObject>, names: Iterable<string>): Json[] =>
  [...names].map((name) => comparable(resources.get(name)));

async function sameResources(t: Test, path: string): Promise<void> {
  const [mine, real] = [
    byKey((await get(ours, path))['resources'], 'name'),
    byKey((await get(theirs, path))['resources'], 'name'),
  ];
  t.strictSame(offered(mine, mine.keys()), offered(real, mine.keys()), path);
}

t.test('groups and their versions', async (t) => {
  const [mine, real] = [
    byKey((await get(ours, '/apis'))['groups'], 'name'),
    byKey((await get(theirs, '/apis'))['groups'], 'name'),
  ];
  t.ok(mine.has('warren.dev'));
  for (const [name, group] of mine) {
    t.strictSame(group['preferredVersion'], real.get(name)?.['preferredVersion'], name);
    for (const version of asArray(group['versions']))
      t.ok(
        asArray(real.get(name)?.['versions']).some((each) => at(each, 'version') === at(version, 'version')),
        name,
      );
  }
});

t.test('the resources of every group, with verbs, short names and categories', async (t) => {
  const groups = byKey((await get(ours, '/apis'))['groups'], 'name');
  const paths = [...groups.values()].flatMap((group) =>
    asArray(group['versions']).map((version) => `/apis/${asString(at(version, 'groupVersion'))}`),
  );
  for (const path of ['/api/v1', ...paths]) await sameResources(t, path);
});

t.test('the same in the aggregated form', async (t) => {
  for (const path of ['/api', '/apis']) {
    const named = async (api: Api) =>
      new Map(
        asArray((await get(api, path, AGGREGATED))['items']).map((item) => [
          asString(at(item, 'metadata', 'name')),
          item,
        ]),
      );
    const [mine, real] = [await named(ours), await named(theirs)];
    for (const [name, group] of mine) {
      const versions = byKey(at(real.get(name), 'versions'), 'version');
      for (const version of asArray(at(group, 'versions'))) {
        const wanted = byKey(versions.get(asString(at(version, 'version')))?.['resources'], 'resource');
        for (const resource of asArray(at(version, 'resources'))) {
          const entry = asObject(resource);
          const full = wanted.get(asString(entry['resource']));
          t.strictSame(aggregatedOf(entry), aggregatedOf(full, entry), `${name} ${asString(entry['resource'])}`);
        }
      }
    }
  }
});

/** With those subresources only that `like` has. */
function aggregatedOf(entry: JsonObject | undefined, like = entry): Json {
  const names = asArray(like?.['subresources']).map((each) => at(each, 'subresource'));
  const { subresources, ...rest } = entry ?? {};
  const kept = asArray(subresources).filter((each) => names.includes(at(each, 'subresource')));
  return sorted({ ...rest, subresources: kept });
}

t.test('schemas of our kinds, for kubectl explain and for clients that check', async (t) => {
  const path = '/openapi/v3/apis/warren.dev/v1alpha1';
  const schemas = async (api: Api): Promise<JsonObject> => asObject(at(await get(api, path), 'components', 'schemas'));
  const [mine, real] = [await schemas(ours), await schemas(theirs)];
  const names = Object.keys(real).filter((name) => name.startsWith('dev.warren.') && !name.endsWith('List'));
  t.ok(names.length >= 5);
  for (const name of names) t.strictSame(sorted(mine[name] ?? null), sorted(real[name] ?? null), name);
});

t.test('the version is that of the release that it follows', async (t) => {
  const [mine, real] = [await get(ours, '/version'), await get(theirs, '/version')];
  t.strictSame([mine['major'], mine['minor']], [real['major'], real['minor']]);
  t.match(mine['gitVersion'], new RegExp(`^${asString(real['gitVersion'])}`));
});
