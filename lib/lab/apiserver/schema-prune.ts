/** Drops the fields that a structural schema does not name, and fills in its defaults. Both change the object in place. */
import { cloneJson, isObject, type Json, type JsonObject } from './json.ts';
import { META_FIELDS } from './object.ts';
import { childSchema, preservesUnknown, type Schema } from './schema.ts';

const ROOT_FIELDS = ['apiVersion', 'kind', 'metadata'];

/** Prunes a whole object; returns the paths of what it dropped. */
export function pruneObject(object: JsonObject, schema: Schema): string[] {
  const inMeta: string[] = [];
  const dropped: string[] = [];
  pruneMeta(object['metadata'], 'metadata', inMeta);
  pruneFields(object, schema, '', ROOT_FIELDS, dropped);
  return [...inMeta, ...dropped.sort()];
}

function pruneMeta(metadata: Json | undefined, path: string, dropped: string[]): void {
  if (!isObject(metadata)) return;
  for (const key of Object.keys(metadata)) {
    if (Object.hasOwn(META_FIELDS, key)) continue;
    delete metadata[key];
    dropped.push(`${path}.${key}`);
  }
}

function prune(value: Json, schema: Schema, path: string, dropped: string[]): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) value.forEach((item, i) => prune(item, items, `${path}[${i}]`, dropped));
  } else if (isObject(value)) {
    const embedded = schema['x-kubernetes-embedded-resource'] === true;
    if (embedded) pruneMeta(value['metadata'], `${path}.metadata`, dropped);
    pruneFields(value, schema, path, embedded ? ROOT_FIELDS : [], dropped);
  }
}

function pruneFields(object: JsonObject, schema: Schema, path: string, known: string[], dropped: string[]): void {
  const keepUnknown = preservesUnknown(schema);
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue;
    const child = childSchema(schema, key);
    const childPath = path === '' ? key : `${path}.${key}`;
    if (child !== undefined) prune(object[key] ?? null, child, childPath, dropped);
    else if (!keepUnknown) {
      delete object[key];
      dropped.push(childPath);
    }
  }
}

/** Fills in defaults. A null where null is not allowed counts as not given, so that it takes the default. */
export function applyDefaults(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) applyDefaults(item, schema.items);
  } else if (isObject(value)) {
    defaultFields(value, schema);
  }
}

function defaultFields(object: JsonObject, schema: Schema): void {
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const current = Object.hasOwn(object, key) ? object[key] : undefined;
    const unset = current === undefined || (current === null && property.nullable !== true);
    if (unset && property.default !== undefined) object[key] = cloneJson(property.default);
    else if (current === null && property.nullable !== true) delete object[key];
  }
  for (const [key, value] of Object.entries(object)) {
    const child = childSchema(schema, key);
    if (child !== undefined) applyDefaults(value, child);
  }
}
