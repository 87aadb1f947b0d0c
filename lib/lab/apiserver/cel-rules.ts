/** x-kubernetes-validations: the CEL rules of a schema, compiled once, run on every write (apiextensions schema/cel). */
import { Optional } from '@marcbachmann/cel-js';
import { celEnvironment } from './cel-library.ts';
import { type CelValue, rootSchema, toCel } from './cel-value.ts';
import { equalJson, isObject, type Json, type JsonObject } from './json.ts';
import { childSchema, type Schema, type ValidationRule } from './schema.ts';
import { type FieldError, forbiddenField, quoted, required } from './status.ts';

const MESSAGE_MAX = 5120;

type Program = (context: { self: CelValue; oldSelf: CelValue | Optional }) => unknown;

interface CompiledRule {
  readonly source: ValidationRule;
  readonly run: Program;
  readonly message: Program | undefined;
  readonly isTransition: boolean;
}

/** The rules of a place in the schema and below; places without any are left out. */
interface RuleNode {
  readonly schema: Schema;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly values: RuleNode | undefined;
  readonly items: RuleNode | undefined;
}

/** `old` is the object before an update. */
export type RuleValidator = (object: JsonObject, old: JsonObject | undefined) => FieldError[];

const environment = celEnvironment('self', 'oldSelf');

/** Undefined when the schema has no rules. Throws an Error that names the rule which does not compile. */
export function compileRules(schema: Schema): RuleValidator | undefined {
  const node = compileNode(rootSchema(schema), '');
  return node && ((object, old) => evaluate(node, { value: object, old, path: '' }));
}

function compileNode(schema: Schema, path: string): RuleNode | undefined {
  const rules = (schema['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, path));
  const properties = Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const node = compileNode(child, `${path}.${name}`);
    return node === undefined ? [] : [[name, node] as const];
  });
  const extra = schema.additionalProperties;
  const values = typeof extra === 'object' ? compileNode(extra, `${path}.*`) : undefined;
  const items = schema.items === undefined ? undefined : compileNode(schema.items, `${path}[*]`);
  const isEmpty = rules.length === 0 && properties.length === 0 && values === undefined && items === undefined;
  return isEmpty ? undefined : { schema, rules, properties: new Map(properties), values, items };
}

function compileRule(source: ValidationRule, path: string): CompiledRule {
  const where = `x-kubernetes-validations of ${path === '' ? 'the whole object' : path.slice(1)}`;
  return {
    source,
    run: compileExpression(source.rule, 'bool', where),
    message:
      source.messageExpression === undefined ? undefined : compileExpression(source.messageExpression, 'string', where),
    isTransition: /\boldSelf\b/.test(source.rule),
  };
}

function compileExpression(text: string, type: 'bool' | 'string', where: string): Program {
  const checked = environment.check(text);
  if (!checked.valid) {
    const [line] = (checked.error?.message ?? 'not valid').split('\n');
    throw new Error(`${where}: compilation failed: ${line ?? ''} in ${JSON.stringify(text)}`);
  }
  if (checked.type !== type && !String(checked.type).startsWith('dyn')) {
    throw new Error(`${where}: ${JSON.stringify(text)} must give a ${type}, not ${String(checked.type)}`);
  }
  return environment.parse(text);
}

interface Place {
  readonly value: Json;
  /** What was there before; undefined when nothing can be said to have been at this place. */
  readonly old: Json | undefined;
  readonly path: string;
}

function evaluate(node: RuleNode, place: Place): FieldError[] {
  const { value } = place;
  if (value === null) return [];
  return [
    ...ownErrors(node, place),
    ...(Array.isArray(value) ? itemErrors(node, value, place) : fieldErrors(node, place)),
  ];
}

function ownErrors({ rules, schema }: RuleNode, place: Place): FieldError[] {
  if (rules.length === 0) return [];
  const self = toCel(place.value, schema);
  const old = place.old === undefined ? undefined : toCel(place.old, schema);
  const unchanged = place.old !== undefined && equalJson(place.value, place.old);
  return rules.flatMap((rule) => {
    // An object that broke a rule before may keep doing so as long as it does not touch what the rule is about.
    const applies = rule.isTransition ? old !== undefined || rule.source.optionalOldSelf === true : !unchanged;
    return applies ? runRule(rule, { place, self, old, schema }) : [];
  });
}

interface Subject {
  readonly place: Place;
  readonly self: CelValue;
  readonly old: CelValue | undefined;
  readonly schema: Schema;
}

function runRule(rule: CompiledRule, { place, self, old, schema }: Subject): FieldError[] {
  const optional = old === undefined ? Optional.none() : Optional.of(old);
  const context = { self, oldSelf: rule.source.optionalOldSelf === true ? optional : (old ?? null) };
  try {
    return rule.run(context) === true ? [] : [brokenRule(rule, place, messageOf(rule, context))];
  } catch (error) {
    const text = JSON.stringify(schema.type ?? '');
    return [ruleError(rule.source, fieldOf(place.path), `${text}: ${problemText(error, rule.source)}`)];
  }
}

const fieldOf = (path: string): string => (path === '' ? '<nil>' : path);

const NO_OVERLOAD =
  "'no such overload': call arguments did not match a supported operator, function or macro signature for rule: ";

/** The evaluator's own words without the excerpt of the source, in the real server's spelling. */
function problemText(error: unknown, source: ValidationRule): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  if (line.startsWith('no such overload')) return NO_OVERLOAD + ruleText(source);
  return `${line.replace(/^No such key/, 'no such key')} evaluating rule: ${ruleText(source)}`;
}

const ruleText = ({ message = '', rule }: ValidationRule): string => (message === '' ? rule : message).trim();

function messageOf({ source, message }: CompiledRule, context: Parameters<Program>[0]): string {
  const fallback =
    (source.message ?? '').trim() === '' ? `failed rule: ${source.rule.trim()}` : (source.message ?? '').trim();
  if (message === undefined) return fallback;
  try {
    const text = message(context);
    const usable = typeof text === 'string' && text.trim() !== '' && !text.includes('\n') && text.length <= MESSAGE_MAX;
    return usable ? text.trim() : fallback;
  } catch {
    return fallback;
  }
}

/** Scalars are shown, objects and lists are not. */
function brokenRule({ source }: CompiledRule, { value, path }: Place, message: string): FieldError {
  const field = fieldOf(withFieldPath(path, source.fieldPath ?? ''));
  const shown = typeof value === 'object' || (source.fieldPath ?? '') !== '' ? '' : `${quoted(value)}: `;
  return ruleError(source, field, shown + message, message);
}

/** `text` follows "Invalid value: ", `message` follows what needs no value. */
function ruleError({ reason }: ValidationRule, field: string, text: string, message = text): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbiddenField(field, message);
    case 'FieldValueRequired':
      return required(field, message);
    case 'FieldValueDuplicate':
      return { field, reason, text: `Duplicate value: ${text}` };
    default:
      return { field, reason: 'FieldValueInvalid', text: `Invalid value: ${text}` };
  }
}

/** `.a['b']` under a path. */
function withFieldPath(path: string, below: string): string {
  const parts = [...below.matchAll(/\.([^.[]+)|\['([^']*)'\]/g)].map((match) => match[1] ?? match[2] ?? '');
  return [...(path === '' ? [] : [path]), ...parts].join('.');
}

function fieldErrors({ schema, properties, values }: RuleNode, { value, old, path }: Place): FieldError[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const named = properties.get(key);
    const node = named ?? (childSchema(schema, key) === undefined ? undefined : values);
    if (node === undefined) return [];
    const before = isObject(old) ? old[key] : undefined;
    const below = named === undefined ? `${path}[${key}]` : `${path}${path === '' ? '' : '.'}${key}`;
    return evaluate(node, { value: child, old: before, path: below });
  });
}

/** Items of keyed lists are followed by their keys; of others nothing is known of what they were. */
function itemErrors({ schema, items }: RuleNode, list: readonly Json[], { old, path }: Place): FieldError[] {
  if (items === undefined) return [];
  const keys = schema['x-kubernetes-list-type'] === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : [];
  return list.flatMap((item, i) => {
    const before = keys.length > 0 && Array.isArray(old) ? old.find((other) => sameKeys(item, other, keys)) : undefined;
    return evaluate(items, { value: item, old: before, path: `${path}[${i}]` });
  });
}

const sameKeys = (a: Json, b: Json, keys: readonly string[]): boolean =>
  isObject(a) && isObject(b) && keys.every((key) => equalJson(a[key], b[key]));
