/** `x-kubernetes-list-type`: items of a set, and keys of a keyed list, are there once (apiextensions schema/listtype). */
import { isObject, type Json, type JsonObject } from './json.ts';
import { childSchema, type Schema } from './schema.ts';
import { duplicate, type FieldError, invalidValue } from './status.ts';

export function validateLists(object: JsonObject, schema: Schema): FieldError[] {
  return check(object, schema, '');
}

function check(value: Json, schema: Schema, path: string): FieldError[] {
  if (Array.isArray(value)) return checkList(value, schema, path);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const sub = childSchema(schema, key);
    if (sub === undefined) return [];
    const named = schema.properties !== undefined && Object.hasOwn(schema.properties, key);
    return check(child, sub, named ? join(path, key) : `${path}[${key}]`);
  });
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

function checkList(list: readonly Json[], schema: Schema, path: string): FieldError[] {
  const { items } = schema;
  const nested = items === undefined ? [] : list.flatMap((item, i) => check(item, items, `${path}[${i}]`));
  return [...repeated(list, schema, path), ...nested];
}

function repeated(list: readonly Json[], schema: Schema, path: string): FieldError[] {
  const identity = identityOf(schema);
  if (identity === undefined) return [];
  const seen = new Map<string, number>();
  return list.flatMap((item, i) => {
    if (schema['x-kubernetes-list-type'] === 'map' && !isObject(item))
      return [invalidValue(`${path}[${i}]`, item, 'must be an object for an array of list-type map')];
    const id = identity(item);
    const text = JSON.stringify(id);
    const times = seen.get(text) ?? 0;
    seen.set(text, times + 1);
    return times === 1 ? [duplicate(`${path}[${i}]`, id)] : [];
  });
}

/** What makes two items the same one; undefined for atomic lists. */
function identityOf(schema: Schema): ((item: Json) => Json) | undefined {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return (item) => item;
    case 'map':
      return (item) => (isObject(item) ? pick(item, keys) : {});
    default:
      return undefined;
  }
}

function pick(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.flatMap((key) => (object[key] === undefined ? [] : [[key, object[key]]])));
}
