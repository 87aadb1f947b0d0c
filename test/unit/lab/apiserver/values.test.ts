// The small readers and writers that the API server is made of, as tables and properties.
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { age, humanDuration } from '../../../../lib/lab/apiserver/age.ts';
import {
  difference,
  decodeFields,
  encodeFields,
  intersection,
  isEmptySet,
  pathTexts,
  union,
} from '../../../../lib/lab/apiserver/field-set.ts';
import { compareFields, fieldsOf, mergeFields, removeFields } from '../../../../lib/lab/apiserver/field-walk.ts';
import { duplicateKeys } from '../../../../lib/lab/apiserver/json-duplicates.ts';
import { JsonPathError, parseJsonPath } from '../../../../lib/lab/apiserver/json-path.ts';
import { equalJson, type Json, type JsonObject, parseJson } from '../../../../lib/lab/apiserver/json.ts';
import { parseResourcePath } from '../../../../lib/lab/apiserver/path.ts';
import { parseProtobuf } from '../../../../lib/lab/apiserver/protobuf.ts';
import type { Schema } from '../../../../lib/lab/apiserver/schema.ts';
import { parseLabelSelector } from '../../../../lib/lab/apiserver/selector-label.ts';
import { ApiError } from '../../../../lib/lab/apiserver/status.ts';
import { strategicMerge } from '../../../../lib/lab/apiserver/strategic-merge.ts';

/** Fails with the counterexample. */
const holds = <T>(t: Test, property: fc.IProperty<T>): void => void t.doesNotThrow(() => fc.assert(property));

t.test('ages, as kubectl prints them', async (t) => {
  const cases: [number, string][] = [
    [-5000, '<invalid>'],
    [0, '0s'],
    [119_999, '119s'],
    [120_000, '2m'],
    [192_000, '3m12s'],
    [10 * 60_000, '10m'],
    [3 * 3_600_000, '3h'],
    [3 * 3_600_000 + 60_000, '3h1m'],
    [8 * 3_600_000 + 60_000, '8h'],
    [48 * 3_600_000, '2d'],
    [49 * 3_600_000, '2d1h'],
    [8 * 86_400_000, '8d'],
    [800 * 86_400_000, '2y70d'],
    [3000 * 86_400_000, '8y'],
  ];
  for (const [ms, text] of cases) t.equal(humanDuration(ms), text);
  t.equal(age(undefined, 0), '<unknown>');
});

t.test('printer columns read by JSON path', async (t) => {
  const object: Json = { a: { b: [1, 2] }, 'x.y': 5, list: [{ type: 'A', s: 1 }, { type: 'B', s: 2 }, { s: 3 }] };
  const cases: [string, Json[]][] = [
    ['.a.b', [[1, 2]]],
    ['.a.b[0]', [1]],
    ['.a.b[-1]', [2]],
    ['.a.b[*]', [1, 2]],
    ['{.a.b[5]}', []],
    ['.x\\.y', [5]],
    ["['x.y']", [5]],
    ['.none.b', []],
    ['.list[?(@.type=="B")].s', [2]],
    ['.list[?(@.type!="B")].s', [1]],
    ['$.list[*].s', [1, 2, 3]],
  ];
  for (const [path, expected] of cases) {
    t.same(parseJsonPath(path)(object), expected, path);
  }
  for (const bad of ['a', '.a[', '.a[?(@.x=~"y")]', '..a']) t.throws(() => parseJsonPath(bad), JsonPathError, bad);
});

t.test('keys that an object names twice', async (t) => {
  const cases: [string, string[]][] = [
    ['{"a":1,"b":{"a":1}}', []],
    ['{"a":1,"a":2}', ['a']],
    ['{"a":{"b":1,"b":2,"b":3}}', ['a.b', 'a.b']],
    ['{"l":[{"x":1},{"x":1,"x":2}]}', ['l[1].x']],
    ['{"a":"{\\"a\\":1,\\"a\\":2}","b":["a","a"]}', []],
    ['{"\\u0061":1,"a":2}', ['a']],
  ];
  for (const [text, expected] of cases) t.same(duplicateKeys(text), expected, text);
  holds(
    t,
    fc.property(fc.json(), (text) => duplicateKeys(text).length === 0 || text.includes(':')),
  );
});

t.test('paths of requests', async (t) => {
  const none = { group: '', version: 'v1', namespace: '', plural: '', name: '', subresource: '' };
  const cases: [string, object | undefined][] = [
    ['/api/v1/nodes', { ...none, plural: 'nodes' }],
    ['/api/v1/namespaces', { ...none, plural: 'namespaces' }],
    ['/api/v1/namespaces/a', { ...none, plural: 'namespaces', name: 'a' }],
    ['/api/v1/namespaces/a/status', { ...none, plural: 'namespaces', name: 'a', subresource: 'status' }],
    [
      '/api/v1/namespaces/a/pods/p/status',
      { ...none, namespace: 'a', plural: 'pods', name: 'p', subresource: 'status' },
    ],
    ['/apis/g.example/v2/things/a%2Fb', { ...none, group: 'g.example', version: 'v2', plural: 'things', name: 'a/b' }],
    ['/apis/g.example/v2/things/a/b/c', undefined],
    ['/api/v1', undefined],
    ['/apis/g.example', undefined],
    ['/apis/g/v1/things/%zz', undefined],
    ['/version', undefined],
  ];
  for (const [path, expected] of cases) t.same(parseResourcePath(path), expected, path);
});

t.test('strategic merge patches', async (t) => {
  const item: Schema = { type: 'object', properties: { name: { type: 'string' }, v: { type: 'integer' } } };
  const schema: Schema = {
    type: 'object',
    properties: {
      keyed: {
        type: 'array',
        items: item,
        'x-kubernetes-patch-strategy': 'merge',
        'x-kubernetes-patch-merge-key': 'name',
      },
      set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-patch-strategy': 'merge' },
      plain: { type: 'array', items: { type: 'string' } },
    },
  };
  const cases: [string, JsonObject, JsonObject, JsonObject][] = [
    ['fields', { a: 1, b: { c: 1 } }, { b: { d: 2 }, a: null }, { b: { c: 1, d: 2 } }],
    ['a replaced map', { b: { c: 1 } }, { b: { $patch: 'replace', d: 2 } }, { b: { d: 2 } }],
    ['retained keys', { b: { c: 1, d: 1 } }, { b: { $retainKeys: ['d'], d: 2 } }, { b: { d: 2 } }],
    ['a plain list', { plain: ['a'] }, { plain: ['b'] }, { plain: ['b'] }],
    ['a set', { set: ['a'] }, { set: ['b', 'a'] }, { set: ['b', 'a'] }],
    ['a set without', { set: ['a', 'b'] }, { '$deleteFromPrimitiveList/set': ['a'] }, { set: ['b'] }],
    ['an item', { keyed: [{ name: 'a', v: 1 }] }, { keyed: [{ name: 'a', v: 2 }] }, { keyed: [{ name: 'a', v: 2 }] }],
    [
      'a new item comes first',
      { keyed: [{ name: 'a' }] },
      { keyed: [{ name: 'b' }] },
      { keyed: [{ name: 'b' }, { name: 'a' }] },
    ],
    [
      'an item less',
      { keyed: [{ name: 'a' }, { name: 'b' }] },
      { keyed: [{ name: 'a', $patch: 'delete' }] },
      { keyed: [{ name: 'b' }] },
    ],
    [
      'a replaced list',
      { keyed: [{ name: 'a' }] },
      { keyed: [{ $patch: 'replace' }, { name: 'c' }] },
      { keyed: [{ name: 'c' }] },
    ],
    [
      'an order',
      { keyed: [{ name: 'a' }, { name: 'b' }] },
      { keyed: [{ name: 'c' }], '$setElementOrder/keyed': [{ name: 'b' }, { name: 'c' }, { name: 'a' }] },
      { keyed: [{ name: 'b' }, { name: 'c' }, { name: 'a' }] },
    ],
  ];
  for (const [what, target, patch, expected] of cases) t.same(strategicMerge(target, patch, schema), expected, what);
});

/** Objects of a few fields, keyed lists and sets. */
const owned: Schema = {
  type: 'object',
  properties: {
    a: { type: 'integer' },
    m: { type: 'object', additionalProperties: { type: 'string' } },
    set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    list: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['n'],
      items: { type: 'object', properties: { n: { type: 'string' }, v: { type: 'integer' } } },
    },
  },
};
const letter = fc.constantFrom('a', 'b', 'c');
const anyObject: fc.Arbitrary<JsonObject> = fc.record(
  {
    a: fc.integer({ min: 0, max: 2 }),
    m: fc.dictionary(letter, letter),
    set: fc.uniqueArray(letter),
    list: fc.uniqueArray(fc.record({ n: letter, v: fc.integer({ min: 0, max: 2 }) }), { selector: ({ n }) => n }),
  },
  { requiredKeys: [] },
);

t.test('field sets', async (t) => {
  t.test('are written and read again', async (t) => {
    holds(
      t,
      fc.property(anyObject, (object) => {
        const set = fieldsOf(object, owned);
        return equalJson(encodeFields(decodeFields(encodeFields(set))), encodeFields(set));
      }),
    );
  });
  t.test('obey the laws of sets', async (t) => {
    holds(
      t,
      fc.property(anyObject, anyObject, (x, y) => {
        const [a, b] = [fieldsOf(x, owned), fieldsOf(y, owned)];
        const together = union(difference(a, b), intersection(a, b));
        return equalJson(encodeFields(together), encodeFields(a)) && isEmptySet(intersection(difference(a, b), b));
      }),
    );
  });
  t.test('name paths as the real server does', async (t) => {
    const set = fieldsOf({ a: 1, list: [{ n: 'x', v: 2 }], set: ['s'] }, owned);
    t.same(pathTexts(set).sort(), ['.a', '.list[n="x"]', '.list[n="x"].n', '.list[n="x"].v', '.set[="s"]']);
  });
  t.test('a merge holds everything that was asked for', async (t) => {
    holds(
      t,
      fc.property(anyObject, anyObject, (live, config) => {
        const merged = mergeFields(live, config, owned);
        return isEmptySet(compareFields(merged, mergeFields(merged, config, owned), owned).changed);
      }),
    );
  });
  t.test('removing all fields of an object leaves nothing of them', async (t) => {
    holds(
      t,
      fc.property(anyObject, (object) => {
        const left = removeFields(object, fieldsOf(object, owned), owned) ?? {};
        return isEmptySet(intersection(fieldsOf(left, owned), fieldsOf(object, owned)));
      }),
    );
  });
  t.test('an object does not differ from itself', async (t) => {
    holds(
      t,
      fc.property(anyObject, (object) => {
        const { changed, removed } = compareFields(object, parseJson(JSON.stringify(object)), owned);
        return isEmptySet(changed) && isEmptySet(removed);
      }),
    );
  });
});

t.test('hostile input ends in an answer, never in a crash', async (t) => {
  const onlyApiError = (run: () => unknown): boolean => {
    try {
      run();
      return true;
    } catch (error) {
      return error instanceof ApiError;
    }
  };
  const selectorText = fc.string({
    unit: fc.constantFrom('a', 'b', '=', '!', ',', '(', ')', ' ', 'in', 'notin', '<', '>', '/'),
  });
  t.test('label selectors', async (t) =>
    holds(
      t,
      fc.property(selectorText, (text) => onlyApiError(() => parseLabelSelector(text))),
    ),
  );
  t.test('protobuf', async (t) => {
    const envelope = fc.uint8Array().map((bytes) => Buffer.concat([Buffer.from('k8s\0'), bytes]));
    holds(
      t,
      fc.property(fc.oneof(envelope, fc.uint8Array().map(Buffer.from)), (bytes) =>
        onlyApiError(() => parseProtobuf(bytes)),
      ),
    );
  });
});
