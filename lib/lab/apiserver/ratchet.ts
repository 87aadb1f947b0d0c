/** Validation ratcheting: an update may leave as it is what was stored before a rule came (apiextensions, CRDValidationRatcheting). */
import { equalJson, isObject, type Json } from './json.ts';
import { childSchema, type Schema } from './schema.ts';

/** True when the value at the path, or something that contains it, is what it was. */
export function isUnchanged(path: readonly string[], value: Json, old: Json, schema: Schema): boolean {
  if (equalJson(value, old)) return true;
  const [step, ...rest] = path;
  if (step === undefined) return false;
  const child = Array.isArray(value) ? value[Number(step)] : isObject(value) ? value[step] : undefined;
  const before = Array.isArray(value) ? sameItem(child, old, schema) : isObject(old) ? old[step] : undefined;
  const below = Array.isArray(value) ? schema.items : childSchema(schema, step);
  return child !== undefined && before !== undefined && isUnchanged(rest, child, before, below ?? {});
}

/** Only items of keyed lists can be recognised. */
function sameItem(item: Json | undefined, old: Json, schema: Schema): Json | undefined {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (keys.length === 0 || !Array.isArray(old) || !isObject(item)) return undefined;
  return old.find((other) => isObject(other) && keys.every((key) => equalJson(other[key], item[key])));
}
