/** The kinds of admission policies, as objects that can be written, checked when they are. */
import { ageColumn, column, nameColumn } from '../columns.ts';
import { asArray, asObject, asString, at, type Json, isObject, type JsonObject } from '../json.ts';
import { keepSpec, keepStatus } from '../core-kinds.ts';
import type { KubeObject } from '../object.ts';
import type { BuiltinKind } from '../resource.ts';
import { type FieldError, invalidValue } from '../status.ts';
import { ADMISSION_GROUP, BINDINGS, parseBinding, parsePolicy, POLICIES } from './policy.ts';
import { compile, ExpressionError } from './program.ts';

const COMMON = {
  group: ADMISSION_GROUP,
  categories: ['api-extensions'],
  namespaced: false,
  countsGeneration: true,
  unconditionalUpdate: false,
} as const;

function defaultPolicy(object: JsonObject): void {
  const spec = asObject(object['spec']);
  spec['failurePolicy'] ??= 'Fail';
  defaultMatch(spec['matchConstraints']);
}

const defaultBinding = (object: JsonObject): void => defaultMatch(asObject(object['spec'])['matchResources']);

function defaultMatch(match: Json | undefined): void {
  if (!isObject(match)) return;
  match['matchPolicy'] ??= 'Equivalent';
  match['namespaceSelector'] ??= {};
  match['objectSelector'] ??= {};
  for (const rule of [...asArray(match['resourceRules']), ...asArray(match['excludeResourceRules'])]) {
    if (isObject(rule)) rule['scope'] ??= '*';
  }
}

/** The real server names each field that is wrong; here it is the first. */
function validatePolicy(object: KubeObject): FieldError[] {
  const parsed = parsePolicy(object);
  if (!parsed.ok) return [invalidValue(parsed.field, object.metadata.name, parsed.error)];
  if (parsed.spec.matchConstraints.resourceRules === undefined)
    return [
      invalidValue('spec.matchConstraints.resourceRules', null, 'a policy must name the resources that it is about'),
    ];
  try {
    compile(parsed.spec);
    return [];
  } catch (error) {
    if (error instanceof ExpressionError) return [invalidValue(error.field, error.text, error.message)];
    throw error;
  }
}

function validateBinding(object: KubeObject): FieldError[] {
  const parsed = parseBinding(object);
  return parsed.ok ? [] : [invalidValue(parsed.field, object.metadata.name, parsed.error)];
}

function paramKindText(object: KubeObject): string {
  const kind = at(object, 'spec', 'paramKind');
  return isObject(kind) ? `${asString(kind['apiVersion'])}/${asString(kind['kind'])}` : '<unset>';
}

function paramRefText(object: KubeObject): string {
  const ref = at(object, 'spec', 'paramRef');
  if (!isObject(ref)) return '<unset>';
  const name = asString(ref['name']);
  return name === '' ? JSON.stringify(ref['selector'] ?? {}) : `${asString(ref['namespace']) || '*'}/${name}`;
}

export const admissionKinds: readonly BuiltinKind[] = [
  {
    ...COMMON,
    kind: 'ValidatingAdmissionPolicy',
    plural: POLICIES,
    hasStatus: true,
    columns: [
      nameColumn,
      { ...column('Validations', (object) => asArray(at(object, 'spec', 'validations')).length), type: 'integer' },
      column('ParamKind', paramKindText),
      ageColumn,
    ],
    strategy: {
      defaults: defaultPolicy,
      validate: validatePolicy,
      prepareCreate(object) {
        object['status'] = {};
      },
      prepareUpdate: keepStatus,
      prepareStatus: keepSpec,
    },
  },
  {
    ...COMMON,
    kind: 'ValidatingAdmissionPolicyBinding',
    plural: BINDINGS,
    columns: [
      nameColumn,
      column('PolicyName', (object) => asString(at(object, 'spec', 'policyName'))),
      column('ParamRef', paramRefText),
      ageColumn,
    ],
    strategy: { defaults: defaultBinding, validate: validateBinding, prepareStatus: () => undefined },
  },
];
