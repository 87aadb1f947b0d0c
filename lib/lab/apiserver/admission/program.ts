/** A policy with its expressions compiled: once for each version of the policy. */
import { celEnvironment } from '../cel-library.ts';
import type { CelValue } from '../cel-value.ts';
import type { KubeObject } from '../object.ts';
import { parsePolicy, type PolicySpec, type Validation } from './policy.ts';

export type Context = Readonly<Record<string, CelValue>>;
export type Expression = (context: Context) => unknown;

export interface Program {
  readonly spec: PolicySpec;
  readonly conditions: readonly Compiled<PolicySpec['matchConditions'][number]>[];
  readonly variables: readonly Compiled<PolicySpec['variables'][number]>[];
  readonly validations: readonly (Compiled<Validation> & { readonly message: Expression | undefined })[];
}

interface Compiled<T> {
  readonly source: T;
  readonly run: Expression;
}

/** An expression that does not compile; the message has its field. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly field: string;
  readonly text: string;

  constructor(field: string, text: string, message: string) {
    super(message);
    this.field = field;
    this.text = text;
  }
}

const environment = celEnvironment('object', 'oldObject', 'request', 'params', 'namespaceObject', 'variables');

/** Throws ExpressionError. */
export function compile(spec: PolicySpec): Program {
  const each = <T extends { readonly expression: string }>(list: readonly T[], field: string, type: Type) =>
    list.map((source, i) => ({ source, run: compileOne(source.expression, type, `spec.${field}[${i}].expression`) }));
  return {
    spec,
    conditions: each(spec.matchConditions, 'matchConditions', 'bool'),
    variables: each(spec.variables, 'variables', 'any'),
    validations: each(spec.validations, 'validations', 'bool').map((one, i) => ({
      ...one,
      message: compileMessage(one.source, `spec.validations[${i}].messageExpression`),
    })),
  };
}

type Type = 'bool' | 'string' | 'any';

const compileMessage = ({ messageExpression }: Validation, field: string): Expression | undefined =>
  messageExpression === undefined ? undefined : compileOne(messageExpression, 'string', field);

function compileOne(text: string, type: Type, field: string): Expression {
  const checked = environment.check(text);
  if (!checked.valid) {
    const [line = 'not valid'] = (checked.error?.message ?? '').split('\n');
    throw new ExpressionError(field, text, `compilation failed: ${line}`);
  }
  const given = String(checked.type);
  if (type !== 'any' && given !== type && !given.startsWith('dyn'))
    throw new ExpressionError(field, text, `must evaluate to ${type} but got ${given}`);
  return environment.parse(text);
}

const programs = new WeakMap<KubeObject, Program>();

/** Of a stored policy, which was checked when it was written. */
export function programOf(policy: KubeObject): Program {
  const known = programs.get(policy);
  if (known !== undefined) return known;
  const parsed = parsePolicy(policy);
  if (!parsed.ok) throw new ExpressionError(parsed.field, policy.metadata.name, parsed.error);
  const program = compile(parsed.spec);
  programs.set(policy, program);
  return program;
}
