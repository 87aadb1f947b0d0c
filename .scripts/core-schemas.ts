/**
 * Makes lib/lab/apiserver/core-schemas.json: the structure of the built-in kinds that the embedded API server serves, without their
 * descriptions, from the OpenAPI documents that Kubernetes publishes (Apache-2.0). Usage:
 *   node .scripts/core-schemas.ts KUBERNETES/api/openapi-spec/v3
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Node = Record<string, unknown>;

const OUTPUT = new URL('../lib/lab/apiserver/core-schemas.json', import.meta.url);
const DOCUMENTS = ['api__v1', 'apis__coordination.k8s.io__v1', 'apis__rbac.authorization.k8s.io__v1'];
const ROOTS = [
  ...['Namespace', 'Node', 'Pod', 'Service', 'Secret', 'ConfigMap', 'Event', 'ServiceAccount', 'Binding'].map(
    (kind) => `io.k8s.api.core.v1.${kind}`,
  ),
  'io.k8s.api.coordination.v1.Lease',
  ...['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'].map((kind) => `io.k8s.api.rbac.v1.${kind}`),
];
/** What the server reads of a schema; the rest is for generators and readers. */
const KEPT = /^(type|format|properties|items|additionalProperties|oneOf|\$ref|x-kubernetes-(?!group|unions).*)$/;

const [directory = '.'] = process.argv.slice(2);
const definitions = Object.assign(
  {},
  ...DOCUMENTS.map((name) => schemasOf(join(directory, `${name}_openapi.json`))),
) as Node;

function schemasOf(file: string): Node {
  const document = JSON.parse(readFileSync(file, 'utf8')) as { components: { schemas: Node } };
  return document.components.schemas;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `properties` holds names of fields, not keywords. */
function trim(schema: Node): Node {
  const result: Node = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'default' && typeof value === 'string' && value !== '') result[key] = value;
    else if (key === 'properties' && isNode(value)) result[key] = trimEach(value);
    else if (key === 'allOf') Object.assign(result, ...trimAll(value));
    else if (KEPT.test(key)) result[key] = trimValue(value);
  }
  return result;
}

const trimEach = (properties: Node): Node =>
  Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, isNode(property) ? trim(property) : property]),
  );

/** The documents wrap a reference in `allOf` to add a description; there is never more than the one. */
const trimAll = (parts: unknown): Node[] => (Array.isArray(parts) ? parts.filter(isNode).map(trim) : []);

function trimValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => (isNode(item) ? trim(item) : item));
  return isNode(value) ? trim(value) : value;
}

function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (!isNode(value)) return [];
  const own = typeof value['$ref'] === 'string' ? [value['$ref'].replace('#/components/schemas/', '')] : [];
  return [...own, ...Object.values(value).flatMap(references)];
}

const reached = new Set<string>(ROOTS);
for (const name of reached) for (const next of references(definitions[name])) reached.add(next);

const lines = [...reached].sort().map((name) => {
  const definition = definitions[name];
  if (!isNode(definition)) throw new Error(`${name} is in none of ${DOCUMENTS.join(', ')}`);
  return `${JSON.stringify(name)}: ${JSON.stringify(trim(definition))}`;
});
writeFileSync(OUTPUT, `{\n${lines.join(',\n')}\n}\n`);
