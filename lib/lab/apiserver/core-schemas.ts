/** The structure of the built-in kinds, from core-schemas.json (made by .scripts/core-schemas.ts from Kubernetes' own OpenAPI). */
import documents from './core-schemas.json' with { type: 'json' };
import { isObject, type JsonObject } from './json.ts';
import { META_SCHEMA } from './meta-schema.ts';
import type { Schema } from './schema.ts';

/** As the file has them, with references. */
export const coreDefinitions: JsonObject = documents;
const PACKAGES: Readonly<Record<string, string>> = {
  '': 'core',
  'coordination.k8s.io': 'coordination',
  'rbac.authorization.k8s.io': 'rbac',
};

/** The name of a kind's definition; undefined when the file has none of its group. */
export function definitionName(group: string, kind: string): string | undefined {
  const packageName = PACKAGES[group];
  return packageName === undefined ? undefined : `io.k8s.api.${packageName}.v1.${kind}`;
}

const REFERENCE = '#/components/schemas/';
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const INT_OR_STRING: Schema = { 'x-kubernetes-int-or-string': true };
/** Kinds of values that Kubernetes writes in its own way; Quantity takes numbers and texts. */
const SPECIAL: Readonly<Record<string, Schema>> = {
  [META]: META_SCHEMA,
  'io.k8s.apimachinery.pkg.api.resource.Quantity': INT_OR_STRING,
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': INT_OR_STRING,
};

const resolved = new Map<string, Schema>();

/** The schema of a definition such as `io.k8s.api.core.v1.Pod`; its title is the Go type's name. Throws when there is none. */
export function coreSchema(name: string): Schema {
  const known = SPECIAL[name] ?? resolved.get(name);
  if (known !== undefined) return known;
  const definition = coreDefinitions[name];
  if (!isObject(definition)) throw new Error(`core-schemas.json has no definition ${name}`);
  const schema = { ...resolve(definition), title: name.slice(name.lastIndexOf('.') + 1) };
  resolved.set(name, schema);
  return schema;
}

/** Keywords are those of structural schemas already; only references are to be followed. */
function resolve(node: JsonObject): Schema {
  const { $ref, properties, items, additionalProperties, ...own } = node;
  const target = typeof $ref === 'string' ? coreSchema($ref.slice(REFERENCE.length)) : {};
  return {
    ...target,
    ...(own as Schema),
    ...(isObject(properties) ? { properties: resolveEach(properties) } : {}),
    ...(isObject(items) ? { items: resolve(items) } : {}),
    ...(isObject(additionalProperties) ? { additionalProperties: resolve(additionalProperties) } : {}),
  };
}

function resolveEach(properties: JsonObject): Record<string, Schema> {
  const entries = Object.entries(properties).flatMap(([key, child]) =>
    isObject(child) ? [[key, resolve(child)] as const] : [],
  );
  return Object.fromEntries(entries);
}
