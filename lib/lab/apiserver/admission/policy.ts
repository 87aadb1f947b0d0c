/**
 * ValidatingAdmissionPolicy and its binding (admissionregistration.k8s.io/v1) as this server keeps to them. What it would not keep to,
 * audit annotations and the audit action, is refused.
 */
import * as z from 'zod';
import { labelSelectorSchema } from '../../../api/label-selector.ts';
import type { JsonObject } from '../json.ts';

export const ADMISSION_GROUP = 'admissionregistration.k8s.io';
export const POLICIES = 'validatingadmissionpolicies';
export const BINDINGS = 'validatingadmissionpolicybindings';

const texts = z.array(z.string());

const resourceRule = z.strictObject({
  apiGroups: texts,
  apiVersions: texts,
  operations: z.array(z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT', '*'])),
  resources: texts,
  resourceNames: texts.optional(),
  scope: z.enum(['Cluster', 'Namespaced', '*']).default('*'),
});
export type ResourceRule = z.infer<typeof resourceRule>;

const matchResources = z.strictObject({
  resourceRules: z.array(resourceRule).optional(),
  excludeResourceRules: z.array(resourceRule).default([]),
  namespaceSelector: labelSelectorSchema.prefault({}),
  objectSelector: labelSelectorSchema.prefault({}),
  /** One version of each kind is stored here: there are no equivalents. */
  matchPolicy: z.enum(['Exact', 'Equivalent']).optional(),
});
export type MatchResources = z.infer<typeof matchResources>;

const named = z.strictObject({ name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), expression: z.string() });

const validation = z.strictObject({
  expression: z.string(),
  message: z.string().optional(),
  messageExpression: z.string().optional(),
  reason: z.enum(['Unauthorized', 'Forbidden', 'Invalid', 'RequestEntityTooLarge']).optional(),
});
export type Validation = z.infer<typeof validation>;

const policySpec = z.strictObject({
  failurePolicy: z.enum(['Fail', 'Ignore']).default('Fail'),
  paramKind: z.strictObject({ apiVersion: z.string(), kind: z.string() }).optional(),
  matchConstraints: matchResources,
  matchConditions: z.array(z.strictObject({ name: z.string(), expression: z.string() })).default([]),
  variables: z.array(named).default([]),
  validations: z.array(validation).min(1),
});
export type PolicySpec = z.infer<typeof policySpec>;

const paramRef = z.strictObject({
  name: z.string().optional(),
  namespace: z.string().optional(),
  selector: labelSelectorSchema.optional(),
  parameterNotFoundAction: z.enum(['Allow', 'Deny']),
});

const bindingSpec = z.strictObject({
  policyName: z.string().min(1),
  paramRef: paramRef
    .refine((ref) => (ref.name === undefined) !== (ref.selector === undefined), 'either name or selector must be set')
    .optional(),
  matchResources: matchResources.optional(),
  validationActions: z.array(z.enum(['Deny', 'Warn'])).min(1),
});
export type BindingSpec = z.infer<typeof bindingSpec>;

export type Parsed<T> =
  { readonly ok: true; readonly spec: T } | { readonly ok: false; readonly field: string; readonly error: string };

export const parsePolicy = (object: JsonObject): Parsed<PolicySpec> => parseSpec(policySpec, object);
export const parseBinding = (object: JsonObject): Parsed<BindingSpec> => parseSpec(bindingSpec, object);

function parseSpec<T>(schema: z.ZodType<T>, object: JsonObject): Parsed<T> {
  const parsed = schema.safeParse(object['spec']);
  if (parsed.success) return { ok: true, spec: parsed.data };
  const { path = [], message = '' } = parsed.error.issues[0] ?? {};
  return { ok: false, field: ['spec', ...path.map(String)].join('.'), error: message };
}
