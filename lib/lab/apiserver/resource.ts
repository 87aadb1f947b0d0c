/** What the server knows of a kind of object: its names, its schema, and the rules that are its own. */
import type { Json, JsonObject } from './json.ts';
import type { NameRule } from './names.ts';
import type { KubeObject } from './object.ts';
import type { Schema } from './schema.ts';
import type { FieldError } from './status.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';
export const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** A column of `kubectl get`. Priority 0 is always shown, others with `-o wide`. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description: string;
  readonly priority: number;
  cell(object: KubeObject, now: number): Json;
}

/** What a kind does besides storing. Each function sees a private copy that it may change, unless it says otherwise. */
export interface Strategy {
  /** Fills in what the client left out, on create and on every update. */
  defaults?(object: JsonObject): void;
  /** Resets what a client may not choose when creating, and adds what the server chooses in view of the other objects. */
  prepareCreate?(object: KubeObject, others: () => Iterable<KubeObject>): void;
  /** Resets what an update of the main resource may not change. */
  prepareUpdate?(object: KubeObject, old: KubeObject): void;
  /** Resets what an update of the status may not change. */
  prepareStatus(object: KubeObject, old: KubeObject): void;
  /** `old` is undefined when creating. Reads only. */
  validate?(object: KubeObject, old: KubeObject | undefined): FieldError[];
  /** Why an object may not be deleted; undefined: it may. */
  refuseDelete?(object: KubeObject): string | undefined;
  /** The object in the first step of a deletion that its kind does in its own way; undefined: as for all. */
  beginDelete?(object: KubeObject, timestamp: string): KubeObject | undefined;
  /** Seconds that the object lives on after a delete; undefined: it goes at once. */
  gracePeriod?(object: KubeObject, requested: number | undefined): number | undefined;
}

export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly hasStatus: boolean;
  /** Other versions of the resource are stored as this one. */
  readonly storageVersion: string;
  /** Of the whole object. */
  readonly schema: Schema;
  /** What a create is compared with to see which fields it sets: Go's zero value has some fields that are never absent. */
  readonly emptyObject: JsonObject;
  readonly columns: readonly Column[];
  /** Field selector paths besides metadata.name and metadata.namespace, with how to read them. */
  readonly selectable: Readonly<Record<string, (object: KubeObject) => string>>;
  /** Defined by a CustomResourceDefinition. */
  readonly custom: boolean;
  readonly countsGeneration: boolean;
  /** PUT needs no resourceVersion. */
  readonly unconditionalUpdate: boolean;
  /** PUT of a name that is not there creates it. */
  readonly createOnUpdate: boolean;
  /** DELETE answers with the object instead of a Status. */
  readonly returnsDeleted: boolean;
  readonly nameRule: NameRule;
  readonly strategy: Strategy;
}

/** What the table of built-in kinds says of one; the rest is the same for all. */
export type BuiltinKind = Pick<ResourceType, 'kind' | 'plural'> & Partial<ResourceType>;

export const apiVersionOf = (type: { group: string; version: string }): string =>
  type.group === '' ? type.version : `${type.group}/${type.version}`;

/** Where objects of the resource live, whatever version they are asked in. */
export const storageKey = (type: { group: string; plural: string }): string => `${type.group}/${type.plural}`;

/** `name` or `namespace/name`: the key inside a resource. */
export const objectKey = (namespace: string, name: string): string =>
  namespace === '' ? name : `${namespace}/${name}`;
export const keyOf = (object: KubeObject): string => objectKey(object.metadata.namespace ?? '', object.metadata.name);
