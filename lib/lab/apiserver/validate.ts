/** Everything that is checked before an object is stored, in the order of the real server. */
import { validateMeta, validateMetaUpdate } from './meta.ts';
import type { KubeObject } from './object.ts';
import type { Served } from './registry.ts';
import { apiVersionOf } from './resource.ts';
import { validateLists } from './schema-lists.ts';
import { type FieldError, invalid, invalidValue } from './status.ts';

/** Which half of the object a request writes. */
export type Endpoint = 'main' | 'status';

/** Throws 422 with everything that is wrong. `old` is undefined when creating. */
export function checkObject(served: Served, object: KubeObject, old: KubeObject | undefined, endpoint: Endpoint): void {
  const { type } = served;
  const wrongKind = kindErrors(served, object);
  const errors = wrongKind.length > 0 ? wrongKind : objectErrors(served, object, old, endpoint);
  if (errors.length === 0) return;
  const group = object.apiVersion.includes('/') ? (object.apiVersion.split('/')[0] ?? '') : type.group;
  throw invalid({ group, kind: object.kind }, object.metadata.name, errors);
}

function kindErrors({ type }: Served, object: KubeObject): FieldError[] {
  const wanted = apiVersionOf(type);
  return [
    ...(object.kind === type.kind ? [] : [invalidValue('kind', object.kind, `must be ${type.kind}`)]),
    ...(object.apiVersion === wanted ? [] : [invalidValue('apiVersion', object.apiVersion, `must be ${wanted}`)]),
  ];
}

function objectErrors(
  served: Served,
  object: KubeObject,
  old: KubeObject | undefined,
  endpoint: Endpoint,
): FieldError[] {
  const { type } = served;
  const errors = [
    ...validateMeta(type, object),
    ...(old === undefined ? [] : validateMetaUpdate(object, old)),
    ...(type.custom ? served.validateSchema(object, endpoint, old) : []),
    ...listErrors(served, object, old),
    ...(type.strategy.validate?.(object, old) ?? []),
  ];
  return [...errors, ...ruleErrors(served, object, old, errors)];
}

/** Rules may rely on the schema: they are not run on what it refuses. */
const BLOCKING = [
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
];
const NOT_RUN =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

function ruleErrors(
  { validateRules }: Served,
  object: KubeObject,
  old: KubeObject | undefined,
  errors: readonly FieldError[],
): FieldError[] {
  if (validateRules === undefined) return [];
  if (errors.some((error) => BLOCKING.includes(error.reason))) return [invalidValue('<nil>', null, NOT_RUN)];
  return validateRules(object, old);
}

/** An object whose lists were broken already may keep them so. */
function listErrors({ type }: Served, object: KubeObject, old: KubeObject | undefined): FieldError[] {
  if (!type.custom) return [];
  const errors = validateLists(object, type.schema);
  const brokenBefore = errors.length > 0 && old !== undefined && validateLists(old, type.schema).length > 0;
  return brokenBefore ? [] : errors;
}
