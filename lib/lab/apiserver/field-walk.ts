/** Walks objects along their schema for field ownership: which fields they have, how two differ, merging and removing fields. */
import { equalJson, isObject, type Json, type JsonObject } from './json.ts';
import { fieldNode, type FieldSet, NO_FIELDS, ONE_FIELD } from './field-set.ts';
import { childSchema, type Schema } from './schema.ts';

/** How the schema has a value owned: as a whole, by its fields, or by its items. */
type Ownership = 'whole' | 'fields' | 'items';

/** Without a schema, objects are owned by field and lists as a whole. */
function ownership(schema: Schema | undefined, value: Json | undefined): Ownership {
  if (isObject(value)) return schema?.['x-kubernetes-map-type'] === 'atomic' ? 'whole' : 'fields';
  if (!Array.isArray(value)) return 'whole';
  const type = schema?.['x-kubernetes-list-type'];
  return type === 'set' || type === 'map' ? 'items' : 'whole';
}

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);

/** What a value consists of: its fields or its items, each under its step. */
function parts(value: Json | undefined, schema: Schema | undefined): Map<string, Json> {
  if (isObject(value)) return new Map(Object.entries(value).map(([key, child]) => [`f:${key}`, child]));
  if (!Array.isArray(value)) return new Map();
  return new Map(value.map((item) => [stepOf(item, schema), item]));
}

function stepOf(item: Json, schema: Schema | undefined): string {
  if (schema?.['x-kubernetes-list-type'] === 'set') return `v:${JSON.stringify(item)}`;
  const keys = [...(schema?.['x-kubernetes-list-map-keys'] ?? [])].sort();
  const values = keys.flatMap((key) => {
    const value = (isObject(item) ? item[key] : undefined) ?? schema?.items?.properties?.[key]?.default;
    return value === undefined ? [] : [[key, value]];
  });
  return `k:${JSON.stringify(Object.fromEntries(values))}`;
}

const partSchema = (schema: Schema | undefined, step: string): Schema | undefined =>
  step.startsWith('f:') ? childSchema(schema, step.slice(2)) : schema?.items;

const isNamed = (schema: Schema | undefined, step: string): boolean =>
  schema?.properties !== undefined && Object.hasOwn(schema.properties, step.slice(2));

/** All fields that a value sets. */
export function fieldsOf(value: Json, schema: Schema | undefined): FieldSet {
  if (ownership(schema, value) === 'whole') return ONE_FIELD;
  const children = [...parts(value, schema)].map(([step, part]) => {
    const below = fieldsOf(part, partSchema(schema, step));
    const itself = !step.startsWith('f:') || isEmpty(part) || !isNamed(schema, step);
    return [step, itself ? { ...below, member: true } : below] as const;
  });
  return fieldNode(false, children);
}

export interface Comparison {
  /** Fields that are new or have another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}
const SAME: Comparison = { changed: NO_FIELDS, removed: NO_FIELDS };

/** How `after` differs from `before`; undefined is "not there", null is there and empty. */
export function compareFields(
  before: Json | undefined,
  after: Json | undefined,
  schema: Schema | undefined,
): Comparison {
  if (before === after) return SAME;
  const kind = ownership(schema, after ?? before);
  const other = ownership(schema, before ?? after);
  const leaf = kind === 'whole' || other === 'whole' || (isEmpty(before) && isEmpty(after));
  return leaf ? compareLeaf(before, after) : compareParts(before, after, schema);
}

function compareLeaf(before: Json | undefined, after: Json | undefined): Comparison {
  if (after === undefined) return { changed: NO_FIELDS, removed: ONE_FIELD };
  return before !== undefined && equalJson(before, after) ? SAME : { changed: ONE_FIELD, removed: NO_FIELDS };
}

function compareParts(before: Json | undefined, after: Json | undefined, schema: Schema | undefined): Comparison {
  const old = parts(before, schema);
  const now = parts(after, schema);
  const changed: [string, FieldSet][] = [];
  const removed: [string, FieldSet][] = [];
  for (const step of new Set([...old.keys(), ...now.keys()])) {
    const child = compareFields(old.get(step), now.get(step), partSchema(schema, step));
    changed.push([step, child.changed]);
    removed.push([step, child.removed]);
  }
  return {
    changed: fieldNode(before === undefined, changed),
    removed: fieldNode(after === undefined, removed),
  };
}

/** `live` with everything that `config` sets. */
export function mergeFields(live: Json | undefined, config: Json, schema: Schema | undefined): Json {
  const kind = ownership(schema, config);
  if (live === undefined || kind === 'whole' || ownership(schema, live) !== kind) return config;
  if (Array.isArray(config)) return mergeItems(live, config, schema);
  const result: JsonObject = isObject(live) ? { ...live } : {};
  for (const [key, value] of Object.entries(config as JsonObject)) {
    result[key] = mergeFields(result[key], value, childSchema(schema, key));
  }
  return result;
}

/** Items of `config` come in its order; items that only `live` has keep their places before the next shared one. */
function mergeItems(live: Json, config: readonly Json[], schema: Schema | undefined): Json[] {
  const liveParts = parts(live, schema);
  const configParts = parts([...config], schema);
  const result: Json[] = [];
  const pending = [...liveParts.keys()];
  const takeUnshared = (): void => {
    for (let next = pending[0]; next !== undefined && !configParts.has(next); next = pending[0]) {
      result.push(liveParts.get(next) ?? null);
      pending.shift();
    }
  };
  for (const [step, item] of configParts) {
    takeUnshared();
    result.push(mergeFields(liveParts.get(step), item, schema?.items));
    const place = pending.indexOf(step);
    if (place >= 0) pending.splice(place, 1);
  }
  takeUnshared();
  return [...result, ...pending.filter((step) => !configParts.has(step)).map((step) => liveParts.get(step) ?? null)];
}

/** The value without the fields of a set; undefined when nothing of it is left. */
export function removeFields(value: Json, gone: FieldSet, schema: Schema | undefined): Json | undefined {
  if (gone.member) return undefined;
  if (gone.children.size === 0 || ownership(schema, value) === 'whole') return value;
  const kept = [...parts(value, schema)].flatMap(([step, part]) => {
    const left = removeFields(part, gone.children.get(step) ?? NO_FIELDS, partSchema(schema, step));
    return left === undefined ? [] : [[step, left] as const];
  });
  if (Array.isArray(value)) return kept.map(([, part]) => part);
  return Object.fromEntries(kept.map(([step, part]) => [step.slice(2), part]));
}

/** The set without everything under some top-level fields. */
export function withoutTopLevel(set: FieldSet, fields: readonly string[]): FieldSet {
  const kept = [...set.children].filter(([step]) => !fields.includes(step.slice(2)));
  return fieldNode(set.member, kept);
}
