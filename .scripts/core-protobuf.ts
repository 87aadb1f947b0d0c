/**
 * Makes lib/lab/apiserver/core-protobuf.json: the protobuf messages that kubectl sends for built-in kinds, from the generated.proto files of
 * Kubernetes' Go modules (Apache-2.0). Usage, with the folder that holds `api@VERSION` and `apimachinery@VERSION` under these names:
 *   node .scripts/core-protobuf.ts FOLDER/api FOLDER/apimachinery
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf, { type Field, MapField, type Type } from 'protobufjs';

const OUTPUT = new URL('../lib/lab/apiserver/core-protobuf.json', import.meta.url);
const [api = '', machinery = ''] = process.argv.slice(2);
const FILES = [
  ...['core/v1', 'coordination/v1', 'rbac/v1', 'authentication/v1', 'authorization/v1'].map((path) => join(api, path)),
  ...['pkg/runtime', 'pkg/apis/meta/v1', 'pkg/api/resource', 'pkg/util/intstr'].map((path) => join(machinery, path)),
];
const ROOTS = [
  ...['Unknown', 'DeleteOptions', 'Namespace', 'ConfigMap', 'Secret', 'ServiceAccount', 'Service', 'Event', 'Binding'],
  ...[
    'Lease',
    'Role',
    'ClusterRole',
    'RoleBinding',
    'ClusterRoleBinding',
    'SelfSubjectAccessReview',
    'SelfSubjectReview',
  ],
];

/** By short name; of two messages with one name, the first file's: the envelope's TypeMeta is that of pkg/runtime. */
const types = new Map<string, Type>();
for (const folder of FILES) {
  const { root } = protobuf.parse(readFileSync(join(folder, 'generated.proto'), 'utf8'), { keepCase: true });
  visit(root);
}

function visit(namespace: protobuf.NamespaceBase): void {
  for (const child of namespace.nestedArray) {
    if (child instanceof protobuf.Type && !types.has(child.name)) types.set(child.name, child);
    if (child instanceof protobuf.Namespace) visit(child);
  }
}

/** Messages are known by their short names here. */
const shortName = (type: string): string => type.slice(type.lastIndexOf('.') + 1);

function descriptor(field: Field): Record<string, unknown> {
  const type = shortName(field.type);
  const key = field instanceof MapField ? { keyType: field.keyType } : {};
  return { ...(field.repeated ? { rule: 'repeated' } : {}), ...key, type, id: field.id };
}

const reached = new Set<string>(ROOTS);
const lines: string[] = [];
for (const name of reached) {
  const type = types.get(name);
  if (type === undefined) continue;
  const fields = Object.fromEntries(type.fieldsArray.map((field) => [field.name, descriptor(field)]));
  for (const field of type.fieldsArray) reached.add(shortName(field.type));
  lines.push(`${JSON.stringify(name)}: ${JSON.stringify({ fields })}`);
}
writeFileSync(OUTPUT, `{\n${lines.sort().join(',\n')}\n}\n`);
