/** The built-in kinds, as rows of a table. What a kind does besides storing is in its own file. */
import { admissionKinds } from './admission/kinds.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { dnsSubdomain, pathSegment } from './names.ts';
import { configMapKind, eventKind, leaseKind, namespaceKind, secretKind } from './core-kinds.ts';
import { nodeKind } from './core-node.ts';
import { podKind } from './core-pod.ts';
import { serviceKind } from './core-service.ts';
import { customResourceDefinitionKind } from './core-crd.ts';
import { coreSchema, definitionName } from './core-schemas.ts';
import { emptyObject } from './core-zero.ts';
import type { Schema } from './schema.ts';
import { ALL_VERBS, type BuiltinKind, type ResourceType } from './resource.ts';

const RBAC = { group: 'rbac.authorization.k8s.io', nameRule: pathSegment, countsGeneration: false };
const KINDS: readonly BuiltinKind[] = [
  namespaceKind,
  nodeKind,
  podKind,
  serviceKind,
  secretKind,
  configMapKind,
  eventKind,
  leaseKind,
  { kind: 'ServiceAccount', plural: 'serviceaccounts', shortNames: ['sa'] },
  { ...RBAC, kind: 'ClusterRole', plural: 'clusterroles', namespaced: false },
  { ...RBAC, kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', namespaced: false },
  { ...RBAC, kind: 'Role', plural: 'roles' },
  { ...RBAC, kind: 'RoleBinding', plural: 'rolebindings' },
  customResourceDefinitionKind,
  ...admissionKinds,
];

const schemaOf = ({ group = '', kind }: BuiltinKind): Schema => {
  const name = definitionName(group, kind);
  return name === undefined ? ANYTHING : coreSchema(name);
};
const ANYTHING: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

function complete(kind: BuiltinKind): ResourceType {
  return {
    group: '',
    version: 'v1',
    listKind: `${kind.kind}List`,
    singular: kind.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: ALL_VERBS,
    hasStatus: false,
    storageVersion: 'v1',
    schema: schemaOf(kind),
    emptyObject: emptyObject(schemaOf(kind)),
    columns: [nameColumn, ageColumn],
    selectable: {},
    custom: false,
    countsGeneration: false,
    unconditionalUpdate: true,
    createOnUpdate: false,
    returnsDeleted: false,
    nameRule: dnsSubdomain,
    strategy: { prepareStatus: () => undefined },
    ...kind,
  };
}

export const builtinTypes = (): ResourceType[] => KINDS.map(complete);
