/** Go templates, the part that people use with docker's `--format`: fields, pipelines, range, if, with, and some functions. */
import { ok, type Result, unreachable } from '../net/result.ts';
import { callFunction } from './template-function.ts';
import { parseTemplate, type Pipeline, TemplateError, type TemplateNode, type Term } from './template-parse.ts';
import { isList, isMap, isStruct, isTrue, sortedEntries, textOf, type Value } from './template-value.ts';

/** Throws TemplateError when the value has no such field. */
export type Template = (value: Value) => string;

export function compileTemplate(text: string): Result<Template> {
  const nodes = parseTemplate(text);
  return nodes.ok ? ok((value) => render(nodes.value, { dot: value, variables: new Map([['$', value]]) })) : nodes;
}

interface Scope {
  readonly dot: Value;
  /** With their `$`. A `set` adds to the map of its own block. */
  readonly variables: Map<string, Value>;
}

const inner = (scope: Scope, dot: Value, more: readonly (readonly [string, Value])[] = []): Scope => ({
  dot,
  variables: new Map([...scope.variables, ...more]),
});

const render = (nodes: readonly TemplateNode[], scope: Scope): string =>
  nodes.map((node) => renderNode(node, scope)).join('');

function renderNode(node: TemplateNode, scope: Scope): string {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'show':
      return textOf(evaluate(node.pipeline, scope));
    case 'set':
      scope.variables.set(node.variable, evaluate(node.pipeline, scope));
      return '';
    case 'range':
      return renderRange(node, scope);
    case 'if':
    case 'with': {
      const value = evaluate(node.pipeline, scope);
      if (!isTrue(value)) return render(node.otherwise, inner(scope, scope.dot));
      return render(node.body, inner(scope, node.kind === 'with' ? value : scope.dot));
    }
    default:
      return unreachable(node);
  }
}

function renderRange(node: Extract<TemplateNode, { kind: 'range' }>, scope: Scope): string {
  const value = evaluate(node.pipeline, scope);
  const entries = entriesOf(value);
  if (entries.length === 0) return render(node.otherwise, inner(scope, scope.dot));
  const [first, second] = node.variables;
  return entries
    .map(([key, one]) => {
      const pair = second === undefined ? ([[first, one]] as const) : ([[first, key] as const, [second, one]] as const);
      const more = pair.flatMap(([name, it]) => (name === undefined ? [] : [[name, it] as const]));
      return render(node.body, inner(scope, one, more));
    })
    .join('');
}

function entriesOf(value: Value): readonly (readonly [Value, Value])[] {
  if (value === null) return [];
  if (isMap(value)) return sortedEntries(value);
  if (isList(value)) return value.map((one, i) => [i, one] as const);
  throw new TemplateError(`range over ${textOf(value)}: only lists and maps can be walked`);
}

function evaluate(pipeline: Pipeline, scope: Scope): Value {
  const [first, ...rest] = pipeline;
  const start = first === undefined ? null : evaluateTerm(first, scope, []);
  return rest.reduce<Value>((value, term) => evaluateTerm(term, scope, [value]), start);
}

/** `piped` is the value of the stage before, the last argument of a function. */
function evaluateTerm(term: Term, scope: Scope, piped: readonly Value[]): Value {
  switch (term.kind) {
    case 'literal':
      return term.value;
    case 'field':
      return walk(scope.dot, term.names);
    case 'variable': {
      const value = scope.variables.get(term.variable);
      if (value === undefined)
        throw new TemplateError(`${term.variable} is not set: declare it with ${term.variable} := …`);
      return walk(value, term.names);
    }
    case 'group':
      return walk(evaluate(term.pipeline, scope), term.names);
    case 'call':
      return callFunction(term.name, [...term.terms.map((each) => evaluateTerm(each, scope, [])), ...piped]);
    default:
      return unreachable(term);
  }
}

const walk = (value: Value, names: readonly string[]): Value => names.reduce(fieldOf, value);

function fieldOf(value: Value, name: string): Value {
  if (isMap(value)) return value.get(name) ?? null;
  const field = isStruct(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  if (field !== undefined) return field;
  const known = isStruct(value) ? `it has ${Object.keys(value).join(', ')}` : `${textOf(value)} has no fields`;
  throw new TemplateError(`there is no field .${name}: ${known}`);
}
