/** Runs a policy's expressions on a write (k8s.io/apiserver/pkg/admission/plugin/policy/validating/validator.go). */
import type { CelValue } from '../cel-value.ts';
import type { Json } from '../json.ts';
import type { KubeObject } from '../object.ts';
import { admissionRequest, type Attributes, withKind } from './attributes.ts';
import { namespaceObject } from './match.ts';
import type { Context, Expression, Program } from './program.ts';
import type { Validation } from './policy.ts';

/** Why a write is not let through. */
export interface Denial {
  readonly message: string;
  readonly reason: NonNullable<Validation['reason']>;
  /** Whatever the binding. */
  readonly isOfPolicy?: boolean;
}

const MESSAGE_MAX = 5120;

/** What the policy has against the write; `params` is undefined for a policy without parameters. */
export function evaluate(program: Program, attributes: Attributes, params: KubeObject | undefined): Denial[] {
  const context = contextOf(program, attributes, params);
  const isFatal = program.spec.failurePolicy === 'Fail';
  for (const { source, run } of program.conditions) {
    const holds = attempt(run, context);
    if (!holds.ok) return isFatal ? [failure(source.expression, holds.error)] : [];
    if (holds.value !== true) return [];
  }
  return program.validations.flatMap(({ source, run, message }) => {
    const outcome = attempt(run, context);
    if (outcome.ok && outcome.value === true) return [];
    if (outcome.ok) return [{ message: messageOf(source, message, context), reason: source.reason ?? 'Invalid' }];
    return isFatal ? [failure(source.expression, outcome.error)] : [];
  });
}

const failure = (expression: string, error: string): Denial => ({
  message: `expression '${expression}' resulted in error: ${error}`,
  reason: 'Invalid',
});

type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string };

/** The evaluator's own words without the excerpt of the source. */
function attempt(run: Expression, context: Context): Outcome {
  try {
    return { ok: true, value: run(context) };
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { ok: false, error: line.replace(/^No such key/, 'no such key') };
  }
}

function messageOf(source: Validation, expression: Expression | undefined, context: Context): string {
  const outcome = expression && attempt(expression, context);
  const text = outcome?.ok === true && typeof outcome.value === 'string' ? outcome.value.trim() : '';
  if (text !== '' && text.length <= MESSAGE_MAX && !text.includes('\n')) return text;
  const fixed = (source.message ?? '').trim();
  return fixed === '' ? `failed expression: ${source.expression.trim()}` : fixed;
}

function contextOf(program: Program, attributes: Attributes, params: KubeObject | undefined): Context {
  const { object, old } = attributes;
  const variables: Record<string, CelValue> = {};
  const context = {
    object: object === undefined ? null : celOf(withKind(attributes, object)),
    oldObject: old === undefined ? null : celOf(withKind(attributes, old)),
    request: celOf(admissionRequest(attributes)),
    params: params === undefined ? null : celOf(params),
    namespaceObject: celOf(namespaceObject(attributes) ?? null),
    variables,
  };
  for (const { source, run } of program.variables) {
    defineLazily(variables, source.name, () => {
      const outcome = attempt(run, context);
      if (outcome.ok) return outcome.value as CelValue;
      throw new Error(`composited variable "${source.name}" fails to evaluate: ${outcome.error}`);
    });
  }
  return context;
}

/** A variable is evaluated when an expression asks for it, once: one that fails concerns only those who use it. */
function defineLazily(variables: Record<string, CelValue>, name: string, compute: () => CelValue): void {
  let known: { readonly value: CelValue } | undefined;
  Object.defineProperty(variables, name, { enumerable: true, get: () => (known ??= { value: compute() }).value });
}

/** Without a schema: whole numbers are integers, names and times stay as they are written. */
function celOf(value: Json): CelValue {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(celOf);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, celOf(item)]));
}
