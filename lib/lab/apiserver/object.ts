/** A Kubernetes object: any JSON object that has apiVersion, kind and well-formed metadata. */
import { field, isObject, type Json, type JsonObject } from './json.ts';

export interface OwnerReference extends JsonObject {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry extends JsonObject {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  time?: string;
  fieldsType: 'FieldsV1';
  fieldsV1: JsonObject;
  subresource?: string;
}

export interface ObjectMeta extends JsonObject {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: { [key: string]: string };
  annotations?: { [key: string]: string };
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
}

export interface KubeObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** The first value that has the wrong type, and what Go calls the right one; undefined when all is well. */
type Mismatch = { readonly value: Json; readonly goType: string };
type Check = (value: Json) => Mismatch | undefined;

const typed =
  (goType: string, accepts: (value: Json) => boolean): Check =>
  (value) =>
    accepts(value) ? undefined : { value, goType };
const text = typed('string', (value) => typeof value === 'string');
const whole = typed('int64', (value) => typeof value === 'number' && Number.isInteger(value));
const truth = typed('bool', (value) => typeof value === 'boolean');
const anyObject = typed('map[string]interface {}', isObject);

const listOf =
  (goType: string, item: Check): Check =>
  (value) =>
    Array.isArray(value) ? firstMismatch(value, item) : { value, goType };
const textMap: Check = (value) =>
  isObject(value) ? firstMismatch(Object.values(value), text) : { value, goType: 'map[string]string' };
const struct =
  (goType: string, fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) ? wrongField(value, fields)?.mismatch : { value, goType };

function firstMismatch(values: readonly Json[], check: Check): Mismatch | undefined {
  for (const value of values) {
    const mismatch = check(value);
    if (mismatch !== undefined) return mismatch;
  }
  return undefined;
}

const OWNER = { apiVersion: text, kind: text, name: text, uid: text, controller: truth, blockOwnerDeletion: truth };
const MANAGED = {
  manager: text,
  operation: text,
  apiVersion: text,
  time: text,
  fieldsType: text,
  fieldsV1: anyObject,
  subresource: text,
};

/** Every field that metav1.ObjectMeta has. */
export const META_FIELDS: Readonly<Record<string, Check>> = {
  name: text,
  generateName: text,
  namespace: text,
  selfLink: text,
  uid: text,
  resourceVersion: text,
  generation: whole,
  creationTimestamp: text,
  deletionTimestamp: text,
  deletionGracePeriodSeconds: whole,
  labels: textMap,
  annotations: textMap,
  ownerReferences: listOf('[]v1.OwnerReference', struct('v1.OwnerReference', OWNER)),
  finalizers: listOf('[]string', text),
  managedFields: listOf('[]v1.ManagedFieldsEntry', struct('v1.ManagedFieldsEntry', MANAGED)),
};

/** Null is "not set" everywhere. */
function wrongField(object: JsonObject, fields: Readonly<Record<string, Check>>) {
  for (const [name, check] of Object.entries(fields)) {
    const value = field(object, name) ?? null;
    const mismatch = value === null ? undefined : check(value);
    if (mismatch !== undefined) return { name, mismatch };
  }
  return undefined;
}

/** A document that is no object of the kind that it should be. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  /** What is known of its kind; absent when not even that could be read. */
  readonly kind: string | undefined;

  constructor(message: string, kind?: string) {
    super(message);
    this.kind = kind;
  }
}

const GO_TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** Checks what every object must have; the result shares the rest of the document. Throws DecodeError. */
export function asKubeObject(body: Json, document: string): KubeObject {
  if (!isObject(body)) {
    const found = jsonTypeName(body);
    throw new DecodeError(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into Go value of type ${GO_TYPE_META}`,
    );
  }
  const { apiVersion, kind } = body;
  if (typeof kind !== 'string' || kind === '') throw new DecodeError(`Object 'Kind' is missing in '${document}'`);
  if (typeof apiVersion !== 'string') throw new DecodeError(`Object 'apiVersion' is missing in '${document}'`);
  const metadata = body['metadata'] ?? {};
  if (!isObject(metadata)) throw new DecodeError(unmarshalText(metadata, 'metadata', 'v1.ObjectMeta'), kind);
  const wrong = wrongField(metadata, META_FIELDS);
  if (wrong !== undefined) {
    throw new DecodeError(unmarshalText(wrong.mismatch.value, `ObjectMeta.${wrong.name}`, wrong.mismatch.goType), kind);
  }
  return { ...body, apiVersion, kind, metadata: tidyMeta(metadata) as ObjectMeta };
}

/** What Go drops when it writes ObjectMeta: null, empty texts, empty lists and maps. A name is always there to compare with. */
function tidyMeta(metadata: JsonObject): JsonObject {
  const copy: JsonObject = { name: '' };
  for (const [key, value] of Object.entries(metadata)) {
    // An empty list of managers has a meaning: it forgets them all.
    if (!isEmpty(value) || key === 'managedFields') copy[key] = value;
  }
  return copy;
}

const isEmpty = (value: Json): boolean =>
  value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);

const unmarshalText = (value: Json, path: string, goType: string): string =>
  `json: cannot unmarshal ${jsonTypeName(value)} into Go struct field ${path} of type ${goType}`;

function jsonTypeName(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
}
