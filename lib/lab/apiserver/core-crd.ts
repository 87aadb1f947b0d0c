/** CustomResourceDefinition as an object; what it defines is served by `crd-controller.ts`. */
import { column, nameColumn } from './columns.ts';
import { keepSpec, keepStatus } from './core-kinds.ts';
import { parseCrd } from './crd.ts';
import { asArray, asObject, asString, at, isObject, type JsonObject } from './json.ts';
import type { KubeObject } from './object.ts';
import type { BuiltinKind } from './resource.ts';
import { type FieldError, invalidValue } from './status.ts';

export const CRD_GROUP = 'apiextensions.k8s.io';

export function defaultDefinition(object: JsonObject): void {
  const spec = asObject(object['spec']);
  const names = asObject(spec['names']);
  const kind = asString(names['kind']);
  names['singular'] ??= kind.toLowerCase();
  names['listKind'] ??= `${kind}List`;
  spec['conversion'] ??= { strategy: 'None' };
  for (const version of asArray(spec['versions'])) {
    for (const printer of asArray(asObject(version)['additionalPrinterColumns'])) {
      if (isObject(printer) && printer['priority'] === 0) delete printer['priority'];
    }
  }
}

/** The real server names each field; here it is one message that names them all. */
function validate(object: KubeObject): FieldError[] {
  const parsed = parseCrd(object);
  if (!parsed.ok) return [invalidValue('spec', object.metadata.name, parsed.error)];
  const wanted = `${parsed.spec.names.plural}.${parsed.spec.group}`;
  if (object.metadata.name === wanted) return [];
  return [invalidValue('metadata.name', object.metadata.name, 'must be spec.names.plural+"."+spec.group')];
}

export const customResourceDefinitionKind: BuiltinKind = {
  group: CRD_GROUP,
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  hasStatus: true,
  countsGeneration: true,
  unconditionalUpdate: false,
  columns: [nameColumn, column('Created At', (object) => asString(at(object, 'metadata', 'creationTimestamp')))],
  strategy: { defaults: defaultDefinition, validate, prepareUpdate: keepStatus, prepareStatus: keepSpec },
};
