/**
 * Sets of field paths as a tree: what FieldsV1 writes down (sigs.k8s.io/structured-merge-diff/fieldpath). Steps of a path are texts:
 * `f:NAME` a field, `k:{"name":"a"}` an item of a keyed list, `v:"a"` an item of a set.
 */
import { isObject, type JsonObject } from './json.ts';

export interface FieldSet {
  /** The path that leads here is in the set itself, besides what is below. */
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const NO_FIELDS: FieldSet = { member: false, children: new Map() };
export const ONE_FIELD: FieldSet = { member: true, children: new Map() };

export const isEmptySet = ({ member, children }: FieldSet): boolean => !member && children.size === 0;

/** A node with children that are not empty. */
export function fieldNode(member: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet {
  const kept = [...children].filter(([, child]) => !isEmptySet(child));
  return { member, children: new Map(kept) };
}

/** Reads FieldsV1. */
export function decodeFields(json: JsonObject): FieldSet {
  const steps = Object.entries(json).filter(([step]) => step !== '.');
  const children = steps.map(([step, child]) => {
    const node = isObject(child) ? decodeFields(child) : NO_FIELDS;
    return [step, isEmptySet(node) ? ONE_FIELD : node] as const;
  });
  return { member: Object.hasOwn(json, '.'), children: new Map(children) };
}

/** Writes FieldsV1, keys sorted. A member without children is `{}`. */
export function encodeFields({ member, children }: FieldSet): JsonObject {
  if (children.size === 0) return {};
  const entries = [...children]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([step, child]) => [step, encodeFields(child)]);
  return { ...(member ? { '.': {} } : {}), ...(Object.fromEntries(entries) as JsonObject) };
}

type Combine = (a: boolean, b: boolean) => boolean;

function combine(a: FieldSet, b: FieldSet, keep: Combine): FieldSet {
  const steps = new Set([...a.children.keys(), ...b.children.keys()]);
  const children = [...steps].map(
    (step) => [step, combine(a.children.get(step) ?? NO_FIELDS, b.children.get(step) ?? NO_FIELDS, keep)] as const,
  );
  return fieldNode(keep(a.member, b.member), children);
}

export const union = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (x, y) => x || y);
/** The paths of `a` that are not in `b`; a path in `b` takes nothing below it away. */
export const difference = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (x, y) => x && !y);
export const intersection = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (x, y) => x && y);

/** With every field on the way to a member as a member, so that what only holds members counts as one. */
export function withParents({ member, children }: FieldSet): FieldSet {
  const entries = [...children].map(([step, child]) => {
    const node = withParents(child);
    return [step, step.startsWith('f:') ? { ...node, member: true } : node] as const;
  });
  return { member, children: new Map(entries) };
}

/** Every member as a person reads it: `.spec.parts[name="a"].count`. */
export function pathTexts({ member, children }: FieldSet, prefix = ''): string[] {
  const below = [...children].flatMap(([step, child]) => pathTexts(child, prefix + stepText(step)));
  return member ? [prefix, ...below] : below;
}

function stepText(step: string): string {
  const body = step.slice(2);
  if (step.startsWith('f:')) return `.${body}`;
  if (step.startsWith('v:')) return `[=${body}]`;
  const keys = Object.entries(JSON.parse(body) as JsonObject).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `[${keys.join(',')}]`;
}
