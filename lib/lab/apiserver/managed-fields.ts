/** metadata.managedFields: who set which field last (k8s.io/apimachinery/pkg/util/managedfields). */
import {
  decodeFields,
  difference,
  encodeFields,
  fieldNode,
  type FieldSet,
  isEmptySet,
  NO_FIELDS,
  union,
} from './field-set.ts';
import { type Comparison, compareFields } from './field-walk.ts';
import { asObject, at, type JsonObject, omit } from './json.ts';
import type { KubeObject, ManagedFieldsEntry } from './object.ts';
import type { Schema } from './schema.ts';

/** One manager's share. */
export interface Share {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
  readonly fields: FieldSet;
}

/** Who writes: a share without its fields. */
export type Writer = Omit<Share, 'fields'>;

/** What nobody owns: identity and bookkeeping. */
const UNOWNED = ['apiVersion', 'kind'];
const UNOWNED_META = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
];

/** The part of an object that can be owned. */
export const ownable = (object: JsonObject): JsonObject => ({
  ...omit(object, UNOWNED),
  metadata: omit(asObject(object['metadata']), UNOWNED_META),
});

/** The metadata as a whole is nobody's. */
export function withoutRoot(set: FieldSet): FieldSet {
  const children = [...set.children].map(([step, child]) =>
    step === 'f:metadata' ? ([step, { ...child, member: false }] as const) : ([step, child] as const),
  );
  return fieldNode(false, children);
}

/** How an object differs from what it was, or from the empty object of its kind, in what can be owned. */
export function compareObjects(before: KubeObject | JsonObject, after: KubeObject, schema: Schema): Comparison {
  const { changed, removed } = compareFields(ownable(before), ownable(after), schema);
  return { changed: withoutRoot(changed), removed: withoutRoot(removed) };
}

export function readShares(entries: readonly ManagedFieldsEntry[] | undefined): Share[] {
  return (entries ?? []).map(({ manager, operation, apiVersion, subresource = '', time = '', fieldsV1 }) => ({
    manager,
    operation,
    apiVersion,
    subresource,
    time,
    fields: decodeFields(fieldsV1),
  }));
}

/** In the order of the real server: appliers first, then by time and name. Shares without fields are left out. */
export function writeShares(shares: readonly Share[]): ManagedFieldsEntry[] {
  const kept = shares.filter((share) => !isEmptySet(share.fields));
  return kept.sort(byOrder).map(({ manager, operation, apiVersion, subresource, time, fields }) => ({
    manager,
    operation,
    apiVersion,
    ...(time === '' ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFields(fields),
    ...(subresource === '' ? {} : { subresource }),
  }));
}

const orderKey = ({ operation, time, manager, apiVersion, subresource }: Share): string =>
  [operation, time, manager, apiVersion, subresource].join('\u0000');
const byOrder = (a: Share, b: Share): number => (orderKey(a) < orderKey(b) ? -1 : 1);

/** An applier is the same one whatever version it applies. */
export const isSameWriter = (a: Writer, b: Writer): boolean =>
  a.manager === b.manager &&
  a.operation === b.operation &&
  a.subresource === b.subresource &&
  (a.operation === 'Apply' || a.apiVersion === b.apiVersion);

/** Everybody loses what the writer changed and what is gone; the writer gains what it changed. */
export function shareUpdate(shares: readonly Share[], writer: Writer, { changed, removed }: Comparison): Share[] {
  const left = shares.map((share) => ({ ...share, fields: difference(difference(share.fields, changed), removed) }));
  if (isEmptySet(changed)) return left;
  const mine = left.find((share) => isSameWriter(share, writer))?.fields ?? NO_FIELDS;
  return [...left.filter((share) => !isSameWriter(share, writer)), { ...writer, fields: union(mine, changed) }];
}

/** Shares that a client sent to replace the stored ones; an empty list clears them. Undefined when it sent none that count. */
export function sentShares(object: KubeObject): Share[] | undefined {
  const { managedFields } = object.metadata;
  if (managedFields === undefined) return undefined;
  const [first, ...others] = managedFields;
  if (first === undefined || (others.length === 0 && Object.keys(first).length === 0)) return [];
  const valid = managedFields.every(
    (entry) => typeof entry.manager === 'string' && at(entry, 'fieldsV1') !== undefined,
  );
  return valid ? readShares(managedFields) : undefined;
}
