/**
 * Strategic merge patch (k8s.io/apimachinery/pkg/util/strategicpatch): like a merge patch, but lists whose schema names a merge key
 * are merged item by item, and `$patch`, `$setElementOrder/x`, `$deleteFromPrimitiveList/x`, `$retainKeys` are directives.
 */
import { asArray, asString, cloneJson, equalJson, isObject, type Json, type JsonObject, omit } from './json.ts';
import { childSchema, type Schema } from './schema.ts';
import { storageError } from './status.ts';

const DIRECTIVE = '$patch';
const RETAIN = '$retainKeys';
const ORDER = '$setElementOrder/';
const DELETE_PRIMITIVE = '$deleteFromPrimitiveList/';

/** Never changes its arguments. */
export function strategicMerge(target: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  if (patch[DIRECTIVE] === 'replace') return asCopy(omit(patch, [DIRECTIVE]));
  if (patch[DIRECTIVE] === 'delete') return {};
  const result: JsonObject = { ...retained(target, patch[RETAIN]) };
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith('$')) mergeField(result, key, value, childSchema(schema, key), asArray(patch[ORDER + key]));
    else if (key.startsWith(DELETE_PRIMITIVE))
      deletePrimitives(result, key.slice(DELETE_PRIMITIVE.length), asArray(value));
  }
  return result;
}

const asCopy = (object: JsonObject): JsonObject => cloneJson<JsonObject>(object);

function retained(target: JsonObject, keys: Json | undefined): JsonObject {
  if (keys === undefined) return target;
  const kept = asArray(keys).map(asString);
  return omit(
    target,
    Object.keys(target).filter((key) => !kept.includes(key)),
  );
}

function mergeField(
  result: JsonObject,
  key: string,
  value: Json,
  schema: Schema | undefined,
  order: readonly Json[],
): void {
  const current = result[key];
  if (value === null) delete result[key];
  else if (isObject(value)) result[key] = strategicMerge(isObject(current) ? current : {}, value, schema);
  else if (Array.isArray(value)) result[key] = mergeList(asArray(current), value, schema, order);
  else result[key] = value;
}

function deletePrimitives(result: JsonObject, key: string, values: readonly Json[]): void {
  result[key] = asArray(result[key]).filter((item) => !values.some((value) => equalJson(item, value)));
}

function mergeList(
  current: readonly Json[],
  patch: readonly Json[],
  schema: Schema | undefined,
  order: readonly Json[],
): Json[] {
  const merges = (schema?.['x-kubernetes-patch-strategy'] ?? '').split(',').includes('merge');
  if (!merges) return cloneJson<Json[]>([...patch]);
  if (current.length === 0)
    return cloneJson<Json[]>(patch.filter((item) => !(isObject(item) && item[DIRECTIVE] !== undefined)));
  const key = schema?.['x-kubernetes-patch-merge-key'];
  if (key === undefined) return mergePrimitives(current, patch, order);
  if (patch.some((item) => isObject(item) && item[DIRECTIVE] === 'replace')) {
    return cloneJson<Json[]>(patch.filter((item) => !(isObject(item) && item[DIRECTIVE] === 'replace')));
  }
  const named = order.length > 0 ? order : patch;
  const merged = mergeItems(current, patch, key, schema?.items);
  return ordered(merged, current, named, (item) => (isObject(item) ? (item[key] ?? null) : null));
}

function mergePrimitives(current: readonly Json[], patch: readonly Json[], order: readonly Json[]): Json[] {
  const added = patch.filter((item) => !current.some((existing) => equalJson(existing, item)));
  return ordered([...current, ...added], current, order.length > 0 ? order : patch, (item) => item);
}

function mergeItems(current: readonly Json[], patch: readonly Json[], key: string, schema: Schema | undefined): Json[] {
  const result = [...current];
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined) {
      throw storageError(`map: ${goText(item)} does not contain declared merge key: ${key}`);
    }
    const index = result.findIndex((existing) => isObject(existing) && equalJson(existing[key], item[key]));
    const existing = result[index];
    if (item[DIRECTIVE] === 'delete') {
      if (index >= 0) result.splice(index, 1);
    } else if (isObject(existing)) result[index] = strategicMerge(existing, item, schema);
    else result.push(strategicMerge({}, item, schema));
  }
  return result;
}

/** A value as Go prints it. */
function goText(value: Json): string {
  if (!isObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `map[${keys.map((key) => `${key}:${goText(value[key] ?? null)}`).join(' ')}]`;
}

/**
 * The order of a merged list: what the patch names comes in the patch's order, the rest in the order that it had, and the two are merged
 * so that items which were there before keep their relative places. New items come as early as they can.
 */
function ordered(
  items: readonly Json[],
  before: readonly Json[],
  order: readonly Json[],
  keyOf: (item: Json) => Json,
): Json[] {
  const rankIn = (list: readonly Json[], item: Json): number =>
    list.findIndex((other) => equalJson(keyOf(other), keyOf(item)));
  const named = items.filter((item) => rankIn(order, item) >= 0).sort((a, b) => rankIn(order, a) - rankIn(order, b));
  const rest = items.filter((item) => rankIn(order, item) < 0);
  const result: Json[] = [];
  for (
    let left = rest[0], right = named[0];
    left !== undefined || right !== undefined;
    left = rest[0], right = named[0]
  ) {
    const leftFirst =
      right === undefined || (left !== undefined && isBefore(rankIn(before, left), rankIn(before, right)));
    const next = leftFirst ? rest.shift() : named.shift();
    if (next !== undefined) result.push(next);
  }
  return result;
}

const isBefore = (left: number, right: number): boolean => left >= 0 && right >= 0 && left < right;
