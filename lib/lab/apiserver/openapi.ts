/**
 * OpenAPI v3 (/openapi/v3): the schemas of all kinds for `kubectl explain`, and as much of the operations as kubectl looks at: which kind is
 * where, and that writes take fieldValidation and dryRun.
 */
import { coreDefinitions, definitionName } from './core-schemas.ts';
import { asObject, type JsonObject, parseJson } from './json.ts';
import { META_SCHEMA } from './meta-schema.ts';
import type { Registry } from './registry.ts';
import { apiVersionOf, type ResourceType } from './resource.ts';
import type { Schema } from './schema.ts';

const META_NAME = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const REFERENCE = '#/components/schemas/';

/** `/openapi/v3` or `/openapi/v3/apis/GROUP/VERSION`; undefined for other paths. */
export function openApi(registry: Registry, path: string): JsonObject | undefined {
  if (path === '/openapi/v3' || path === '/openapi/v3/') return index(registry);
  const wanted = /^\/openapi\/v3\/(.+)$/.exec(path)?.[1];
  const types = registry.all().flatMap(({ type }) => (rootOf(type) === wanted ? [type] : []));
  return types.length === 0 ? undefined : document(types);
}

const rootOf = (type: ResourceType): string => `${type.group === '' ? 'api' : 'apis'}/${apiVersionOf(type)}`;

function index(registry: Registry): JsonObject {
  const roots = new Set(registry.all().map(({ type }) => rootOf(type)));
  const entries = [...roots].map((root) => [root, { serverRelativeURL: `/openapi/v3/${root}` }]);
  return { paths: Object.fromEntries(entries) as JsonObject };
}

function document(types: readonly ResourceType[]): JsonObject {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.3' },
    paths: Object.fromEntries(types.flatMap(pathsOf)),
    components: { schemas: schemasOf(types) },
  };
}

const kindOf = ({ group, version, kind }: ResourceType): JsonObject => ({ group, version, kind });

function schemasOf(types: readonly ResourceType[]): JsonObject {
  const builtin = types.some((type) => !type.custom);
  const schemas: JsonObject = { ...(builtin ? coreDefinitions : {}), [META_NAME]: schemaJson(META_SCHEMA) };
  for (const type of types) {
    const name = schemaName(type);
    const base = type.custom ? customSchema(type) : asObject(schemas[name] ?? schemaJson(type.schema));
    schemas[name] = { ...base, 'x-kubernetes-group-version-kind': [kindOf(type)] };
  }
  return schemas;
}

/** `dev.warren.v1alpha1.Network`: the group's parts in reverse. */
function schemaName(type: ResourceType): string {
  if (!type.custom) return definitionName(type.group, type.kind) ?? `io.k8s.${type.kind}`;
  return [...type.group.split('.').reverse(), type.version, type.kind].join('.');
}

const API_VERSION_TEXT =
  'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources';
const KIND_TEXT =
  'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds';
const META_TEXT =
  "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/** A schema as a document: what is not set is left out. */
const schemaJson = (schema: Schema): JsonObject => asObject(parseJson(JSON.stringify(schema)));

function customSchema({ schema, selectable }: ResourceType): JsonObject {
  const document = schemaJson(schema);
  const fields = Object.keys(selectable).map((fieldPath) => ({ fieldPath }));
  const common = {
    apiVersion: { type: 'string', description: API_VERSION_TEXT },
    kind: { type: 'string', description: KIND_TEXT },
    metadata: { allOf: [{ $ref: REFERENCE + META_NAME }], description: META_TEXT },
  };
  const properties = { ...asObject(document['properties']), ...common };
  return { ...document, properties, ...(fields.length === 0 ? {} : { 'x-kubernetes-selectable-fields': fields }) };
}

function pathsOf(type: ResourceType): [string, JsonObject][] {
  const collection = `/${rootOf(type)}/${type.namespaced ? 'namespaces/{namespace}/' : ''}${type.plural}`;
  const all: [string, JsonObject][] = type.namespaced
    ? [[`/${rootOf(type)}/${type.plural}`, { get: operation(type, 'list', []) }]]
    : [];
  return [
    ...all,
    [collection, { get: operation(type, 'list', []), post: operation(type, 'post', WRITE_PARAMETERS) }],
    [
      `${collection}/{name}`,
      {
        get: operation(type, 'get', []),
        put: operation(type, 'put', WRITE_PARAMETERS),
        patch: operation(type, 'patch', [...WRITE_PARAMETERS, 'force']),
        delete: operation(type, 'delete', ['dryRun']),
      },
    ],
  ];
}

const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'];

function operation(type: ResourceType, action: string, parameters: readonly string[]): JsonObject {
  return {
    operationId: `${action}${type.kind}`,
    parameters: parameters.map((name) => ({
      name,
      in: 'query',
      schema: { type: name === 'force' ? 'boolean' : 'string' },
    })),
    responses: {
      '200': {
        description: 'OK',
        content: { 'application/json': { schema: { $ref: REFERENCE + schemaName(type) } } },
      },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kindOf(type),
  };
}
