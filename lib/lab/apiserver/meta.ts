/** Rules of metadata (k8s.io/apimachinery/pkg/api/validation): what every object must fulfil, whatever its kind. */
import { equalJson, type Json } from './json.ts';
import { dnsLabel, labelValue, type NameRule, qualifiedName } from './names.ts';
import type { KubeObject, ObjectMeta, OwnerReference } from './object.ts';
import type { ResourceType } from './resource.ts';
import { type FieldError, forbiddenField, invalidValue, required } from './status.ts';

const ANNOTATIONS_MAX_BYTES = 256 * 1024;
export const FOREGROUND_FINALIZER = 'foregroundDeletion';
export const ORPHAN_FINALIZER = 'orphan';

const broken = (path: string, value: Json, rule: NameRule): FieldError[] =>
  typeof value === 'string' ? rule(value).map((text) => invalidValue(path, value, text)) : [];

export function validateMeta(type: ResourceType, object: KubeObject): FieldError[] {
  const { metadata } = object;
  return [
    ...nameErrors(type, metadata),
    ...namespaceErrors(type, metadata),
    ...labelErrors(metadata.labels ?? {}),
    ...annotationErrors(metadata.annotations ?? {}),
    ...ownerErrors(metadata.ownerReferences ?? []),
    ...finalizerErrors(metadata.finalizers ?? []),
  ];
}

function nameErrors(type: ResourceType, { name, generateName }: ObjectMeta): FieldError[] {
  const base = (generateName ?? '').replace(/[-.]+$/, (tail) => 'a'.repeat(tail.length));
  const generated = base === '' ? [] : broken('metadata.generateName', base, type.nameRule);
  if (name === '') return [...generated, required('metadata.name', 'name or generateName is required')];
  return [...generated, ...broken('metadata.name', name, type.nameRule)];
}

function namespaceErrors(type: ResourceType, { namespace = '' }: ObjectMeta): FieldError[] {
  if (!type.namespaced) {
    return namespace === '' ? [] : [forbiddenField('metadata.namespace', 'not allowed on this type')];
  }
  if (namespace === '') return [required('metadata.namespace')];
  return broken('metadata.namespace', namespace, dnsLabel);
}

const labelErrors = (labels: Record<string, string>): FieldError[] =>
  Object.entries(labels).flatMap(([key, value]) => [
    ...broken('metadata.labels', key, qualifiedName),
    ...broken('metadata.labels', value, labelValue),
  ]);

function annotationErrors(annotations: Record<string, string>): FieldError[] {
  const entries = Object.entries(annotations);
  const errors = entries.flatMap(([key]) =>
    qualifiedName(key.toLowerCase()).map((text) => invalidValue('metadata.annotations', key, text)),
  );
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (size <= ANNOTATIONS_MAX_BYTES) return errors;
  const text = `Too long: may not be more than ${ANNOTATIONS_MAX_BYTES} bytes`;
  return [...errors, { field: 'metadata.annotations', reason: 'FieldValueTooLong', text }];
}

function ownerErrors(owners: readonly OwnerReference[]): FieldError[] {
  const errors = owners.flatMap(ownerError);
  const [first, ...others] = owners
    .filter((owner) => owner.controller === true)
    .map(({ kind, name }) => `${kind}/${name}`);
  const more = others.map((other) =>
    invalidValue(
      'metadata.ownerReferences',
      [...owners],
      `Only one reference can have Controller set to true. Found "true" in references for ${first ?? ''} and ${other}`,
    ),
  );
  return [...errors, ...more];
}

const ownerError = (owner: OwnerReference): FieldError[] =>
  (['apiVersion', 'kind', 'name', 'uid'] as const)
    .filter((key) => owner[key] === '')
    .map((key) =>
      invalidValue(
        `metadata.ownerReferences.${key}`,
        '',
        key === 'apiVersion' ? 'version must not be empty' : 'must not be empty',
      ),
    );

function finalizerErrors(finalizers: readonly string[]): FieldError[] {
  const errors = finalizers.flatMap((name) => broken('metadata.finalizers', name, qualifiedName));
  const both = finalizers.includes(FOREGROUND_FINALIZER) && finalizers.includes(ORPHAN_FINALIZER);
  if (!both) return errors;
  const text = `finalizer ${ORPHAN_FINALIZER} and ${FOREGROUND_FINALIZER} cannot be both set`;
  return [...errors, invalidValue('metadata.finalizers', [...finalizers], text)];
}

const IMMUTABLE = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

/** What an update may not do to metadata. */
export function validateMetaUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const immutable = IMMUTABLE.filter((key) => !equalJson(object.metadata[key] ?? null, old.metadata[key] ?? null)).map(
    (key) => invalidValue(`metadata.${key}`, object.metadata[key] ?? null, 'field is immutable'),
  );
  if (old.metadata.deletionTimestamp === undefined) return immutable;
  const had = old.metadata.finalizers ?? [];
  const added = (object.metadata.finalizers ?? []).filter((name) => !had.includes(name)).sort();
  if (added.length === 0) return immutable;
  const list = added.map((name) => JSON.stringify(name)).join(', ');
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  return [forbiddenField('metadata.finalizers', why), ...immutable];
}
