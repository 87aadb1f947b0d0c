/**
 * The part of kubectl's JSONPath that printer columns use: `.spec.x`, `.a['b']`, `.a\.b`, `[0]`, `[-1]`, `[*]`, `[?(@.type=="Ready")]`
 * with == and !=. Results are flat, as k8s.io/client-go/util/jsonpath gives them.
 */
import { at, field, isObject, type Json } from './json.ts';

type Step = (values: readonly Json[]) => Json[];
export type JsonPath = (root: Json) => Json[];

export class JsonPathError extends Error {
  override readonly name = 'JsonPathError';
}

const STEP =
  /\.((?:\\.|[^.[\]\\])+)|\[(-?\d+)\]|\[(\*)\]|\.(\*)|\['([^']*)'\]|\["([^"]*)"\]|\[\?\(@((?:\.[\w-]+)+)\s*(==|!=)\s*("[^"]*"|'[^']*'|[\w.-]+)\s*\)\]/y;

/** Throws JsonPathError for what it does not understand. */
export function parseJsonPath(text: string): JsonPath {
  const path = text.replace(/^\{(.*)\}$/, '$1').replace(/^\$/, '');
  const steps: Step[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < path.length) {
    const from = STEP.lastIndex;
    const match = STEP.exec(path);
    if (match === null)
      throw new JsonPathError(`${JSON.stringify(text)}: cannot read ${JSON.stringify(path.slice(from))}`);
    steps.push(stepOf(match));
  }
  return (root) => steps.reduce<Json[]>((values, step) => step(values), [root]);
}

function stepOf(match: RegExpExecArray): Step {
  const [, name, index, starIndex, starField, single, double, filterPath, operator, literal] = match;
  const key = name === undefined ? (single ?? double) : name.replace(/\\(.)/g, '$1');
  if (starIndex !== undefined || starField !== undefined || name === '*') return allOf;
  if (key !== undefined) return member(key);
  if (index !== undefined) return element(Number(index));
  return filter((filterPath ?? '').split('.').slice(1), operator === '==', literalOf(literal ?? ''));
}

const member =
  (key: string): Step =>
  (values) =>
    values.flatMap((value) => {
      const found = isObject(value) ? field(value, key) : undefined;
      return found === undefined ? [] : [found];
    });
const element =
  (index: number): Step =>
  (values) =>
    values.flatMap((value) => {
      const found = Array.isArray(value) ? value.at(index) : undefined;
      return found === undefined ? [] : [found];
    });
const allOf: Step = (values) => values.flatMap(childrenOf);
const filter =
  (path: readonly string[], equal: boolean, literal: Json): Step =>
  (values) =>
    values
      .flatMap(childrenOf)
      .filter((item) => (at(item, ...path) === literal) === equal && at(item, ...path) !== undefined);

function childrenOf(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

function literalOf(text: string): Json {
  if (/^["']/.test(text)) return text.slice(1, -1);
  if (text === 'true' || text === 'false') return text === 'true';
  return Number(text);
}
