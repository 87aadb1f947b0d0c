/**
 * What templates show: plain objects stand for Go's structs, whose fields are fixed, and Maps for Go's maps, whose keys are data
 * (labels, containers by id).
 */

export type Value = string | number | boolean | null | readonly Value[] | ReadonlyMap<string, Value> | StructValue;
export interface StructValue {
  readonly [field: string]: Value;
}

export const isMap = (value: Value): value is ReadonlyMap<string, Value> => value instanceof Map;
export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
export const isStruct = (value: Value): value is StructValue =>
  typeof value === 'object' && value !== null && !isMap(value) && !isList(value);

/** In order of the keys, as Go walks and prints maps. */
export const sortedEntries = (map: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] =>
  [...map].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** As Go's fmt prints with %v: `map[a:1 b:2]`, `[x y]`. */
export function textOf(value: Value): string {
  if (value === null) return '<no value>';
  if (isMap(value))
    return `map[${sortedEntries(value)
      .map(([key, one]) => `${key}:${textOf(one)}`)
      .join(' ')}]`;
  if (isList(value)) return `[${value.map(textOf).join(' ')}]`;
  if (isStruct(value)) return `{${Object.values(value).map(textOf).join(' ')}}`;
  return String(value);
}

/** For JSON.stringify: Maps become objects. */
export function plainOf(value: Value): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map(plainOf);
  const entries = isMap(value) ? sortedEntries(value) : Object.entries(value);
  return Object.fromEntries(entries.map(([key, one]) => [key, plainOf(one)]));
}

/** Go's truth: neither zero nor empty. */
export function isTrue(value: Value): boolean {
  if (value === null || typeof value !== 'object') return Boolean(value);
  if (isMap(value)) return value.size > 0;
  return !isList(value) || value.length > 0;
}
