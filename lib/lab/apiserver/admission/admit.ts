/** Validating admission: every policy that a binding puts into force is asked about a write, after the object itself was found valid. */
import { matchesLabels } from '../../../api/label-selector.ts';
import type { KubeObject } from '../object.ts';
import type { ApiRequest } from '../request.ts';
import { objectKey, storageKey } from '../resource.ts';
import { ApiError, forbidden } from '../status.ts';
import { type Attributes, nameOf, namespaceOf } from './attributes.ts';
import { type Denial, evaluate } from './evaluate.ts';
import { matches } from './match.ts';
import { ADMISSION_GROUP, BINDINGS, type BindingSpec, parseBinding, POLICIES, type PolicySpec } from './policy.ts';
import { type Program, programOf } from './program.ts';

/** Throws ApiError with the first denial; adds warnings to the answer. */
export function admit(attributes: Attributes): void {
  const { request } = attributes;
  for (const binding of stored(request, BINDINGS)) {
    const parsed = parseBinding(binding);
    const policy = parsed.ok ? policyOf(request, parsed.spec) : undefined;
    if (!parsed.ok || policy === undefined) continue;
    const names = { policy: policy.metadata.name, binding: binding.metadata.name };
    answer(attributes, parsed.spec, names, denials(programOf(policy), parsed.spec, attributes));
  }
}

const stored = ({ backend }: ApiRequest, plural: string): KubeObject[] =>
  backend.store
    .collection(storageKey({ group: ADMISSION_GROUP, plural }))
    .all()
    .map(({ object }) => object);

const policyOf = ({ backend }: ApiRequest, { policyName }: BindingSpec): KubeObject | undefined =>
  backend.store.collection(storageKey({ group: ADMISSION_GROUP, plural: POLICIES })).get(policyName)?.object;

interface Names {
  readonly policy: string;
  readonly binding: string;
}

function answer({ request, ...rest }: Attributes, spec: BindingSpec, names: Names, found: readonly Denial[]): void {
  const [first] = found;
  if (first === undefined) return;
  if (spec.validationActions.includes('Warn')) {
    const about = `Validation failed for ValidatingAdmissionPolicy '${names.policy}' with binding '${names.binding}'`;
    request.warnings.push(...found.map(({ message }) => `${about}: ${message}`));
  }
  if (spec.validationActions.includes('Deny')) throw denied({ request, ...rest }, names, first);
}

const CODES = { Unauthorized: 401, Forbidden: 403, RequestEntityTooLarge: 413, Invalid: 422 } as const;

function denied(
  attributes: Attributes,
  { policy, binding }: Names,
  { message, reason, isOfPolicy = false }: Denial,
): ApiError {
  const by = `ValidatingAdmissionPolicy '${policy}'${isOfPolicy ? '' : ` with binding '${binding}'`}`;
  const text = `${by} denied request: ${message}`;
  const { message: whole, details } = forbidden(attributes.request.type, nameOf(attributes), text);
  return new ApiError(CODES[reason], reason, whole, { ...details, causes: [{ message: text }] });
}

function denials(program: Program, binding: BindingSpec, attributes: Attributes): Denial[] {
  const isAbout =
    matches(program.spec.matchConstraints, attributes) &&
    (binding.matchResources === undefined || matches(binding.matchResources, attributes));
  if (!isAbout) return [];
  const { paramKind, failurePolicy } = program.spec;
  if (paramKind === undefined || binding.paramRef === undefined) return evaluate(program, attributes, undefined);
  const params = paramsOf(paramKind, binding.paramRef, attributes);
  if (Array.isArray(params)) return params.flatMap((one) => evaluate(program, attributes, one));
  return failurePolicy === 'Fail' ? [{ ...params, reason: 'Invalid' }] : [];
}

type ParamRef = NonNullable<BindingSpec['paramRef']>;

/** The objects that the binding names or selects, or why the policy cannot be evaluated without them. */
function paramsOf(
  { apiVersion, kind }: NonNullable<PolicySpec['paramKind']>,
  ref: ParamRef,
  attributes: Attributes,
): KubeObject[] | Omit<Denial, 'reason'> {
  const { registry, store } = attributes.request.backend;
  const served = registry.findKind(apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '', kind);
  if (served === undefined)
    return {
      message: `failed to configure policy: failed to find resource referenced by paramKind: '${apiVersion}, Kind=${kind}'`,
      isOfPolicy: true,
    };
  const namespace = served.type.namespaced ? (ref.namespace ?? namespaceOf(attributes)) : '';
  const collection = store.collection(storageKey(served.type));
  const found =
    ref.name === undefined
      ? selected(collection.all(), ref, namespace)
      : [collection.get(objectKey(namespace, ref.name))];
  const objects = found.flatMap((entry) => (entry === undefined ? [] : [entry.object]));
  if (objects.length > 0 || ref.parameterNotFoundAction === 'Allow') return objects;
  return {
    message: 'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
  };
}

function selected<E extends { readonly object: KubeObject }>(
  all: Iterable<E>,
  { selector }: ParamRef,
  namespace: string,
): E[] {
  return [...all].filter(
    ({ object: { metadata } }) =>
      (metadata.namespace ?? '') === namespace &&
      selector !== undefined &&
      matchesLabels(selector, metadata.labels ?? {}),
  );
}
