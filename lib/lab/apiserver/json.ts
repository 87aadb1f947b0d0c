/** JSON values as types, and the few things that every part of the API server does with them. */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const asObject = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
export const asArray = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
export const asString = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** Own keys only: `constructor` is no field of a document. */
export const field = (object: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** The value at a path of object keys, undefined where the path leaves the document. */
export function at(value: Json | undefined, ...path: string[]): Json | undefined {
  let current = value;
  for (const key of path) {
    if (!isObject(current)) return undefined;
    current = field(current, key);
  }
  return current;
}

/** Deep equality; the order of keys does not count. */
export function equalJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equalJson(item, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key]));
}

/** A copy that shares nothing with the original. */
export function cloneJson<T extends Json>(value: T): T;
export function cloneJson(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => cloneJson(item));
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) copy[key] = cloneJson(value[key] ?? null);
  return copy;
}

/** The object without some of its keys. */
export function omit(object: JsonObject, keys: readonly string[]): JsonObject {
  const copy: JsonObject = {};
  for (const key of Object.keys(object)) if (!keys.includes(key)) copy[key] = object[key] ?? null;
  return copy;
}

/** Parses JSON text. A key `__proto__` would change the prototype of every copy of the document, so it is left out. */
export function parseJson(text: string): Json {
  const suspicious = text.includes('__proto__') || text.includes('\\u005');
  return suspicious
    ? (JSON.parse(text, (key, value: Json) => (key === '__proto__' ? undefined : value)) as Json)
    : (JSON.parse(text) as Json);
}
