/** Label selectors: `a=b,c!=d,e in (f,g),h notin (i),j,!k` (k8s.io/apimachinery/pkg/labels). */
import { labelValue, qualifiedName } from './names.ts';
import { badRequest } from './status.ts';

type Labels = { readonly [key: string]: string };
export type LabelMatch = (labels: Labels | undefined) => boolean;

const TOKEN = /\s*(==|!=|=|>|<|!|\(|\)|,|[^\s=!<>(),]+)/y;

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== '') {
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) throw badSelector(`found '${text}', expected: identifier`);
    tokens.push(token);
  }
  return tokens;
}

const badSelector = (why: string) => badRequest(`unable to parse requirement: ${why}`);
const END = "expected: ',' or 'end of string'";

class Tokens {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  /** Empty at the end. */
  peek(): string {
    return this.#tokens[this.#next] ?? '';
  }
  take(): string {
    return this.#tokens[this.#next++] ?? '';
  }
}

const isWord = (token: string): boolean => token !== '' && !/^[=!<>(),]/.test(token);

/** Throws the 400 of the real server for a selector that does not parse. */
export function parseLabelSelector(text: string): LabelMatch | undefined {
  if (text.trim() === '') return undefined;
  const tokens = new Tokens(text);
  const matches: LabelMatch[] = [];
  for (let next = ','; next !== ''; next = tokens.take()) {
    if (next !== ',') throw badRequest(`found '${next}', ${END}`);
    matches.push(parseRequirement(tokens));
  }
  return matches.length === 1 ? matches[0] : (labels) => matches.every((match) => match(labels));
}

function parseRequirement(tokens: Tokens): LabelMatch {
  const first = tokens.take();
  if (first === '!') {
    const absent = takeKey(tokens.take());
    return (labels) => labels?.[absent] === undefined;
  }
  const key = takeKey(first);
  const operator = tokens.peek();
  if (operator === '' || operator === ',') return (labels) => labels?.[key] !== undefined;
  tokens.take();
  return requirement(key, operator, tokens);
}

function takeKey(token: string): string {
  if (!isWord(token)) throw badRequest(`found '${token}', expected: !, identifier, or 'end of string'`);
  const [problem] = qualifiedName(token);
  if (problem !== undefined) throw badSelector(`<nil>: Invalid value: ${JSON.stringify(token)}: ${problem}`);
  return token;
}

function requirement(key: string, operator: string, tokens: Tokens): LabelMatch {
  switch (operator) {
    case '=':
    case '==':
      return equals(key, takeValue(tokens));
    case '!=': {
      const value = takeValue(tokens);
      return (labels) => labels?.[key] !== value;
    }
    case 'in':
    case 'notin': {
      const values = new Set(takeList(tokens));
      return operator === 'in' ? isIn(key, values) : (labels) => !isIn(key, values)(labels);
    }
    case '>':
    case '<':
      return compares(key, operator, takeValue(tokens));
    default:
      throw badSelector(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

const equals =
  (key: string, value: string): LabelMatch =>
  (labels) =>
    labels?.[key] === value;
const isIn =
  (key: string, values: ReadonlySet<string>): LabelMatch =>
  (labels) => {
    const value = labels?.[key];
    return value !== undefined && values.has(value);
  };

function compares(key: string, operator: '>' | '<', text: string): LabelMatch {
  const bound = Number(text);
  if (!Number.isInteger(bound)) {
    throw badSelector(
      `values[0]: Invalid value: ${JSON.stringify(text)}: for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }
  return (labels) => {
    const value = Number(labels?.[key] ?? NaN);
    return operator === '>' ? value > bound : value < bound;
  };
}

/** An empty value is a value: `app=`. */
function takeValue(tokens: Tokens): string {
  const next = tokens.peek();
  if (next === '' || next === ',') return '';
  tokens.take();
  if (!isWord(next)) throw badSelector(`found '${next}', expected: identifier`);
  return checkedValue(next);
}

function checkedValue(value: string): string {
  const [problem] = labelValue(value);
  if (problem !== undefined) throw badSelector(`values[0]: Invalid value: ${JSON.stringify(value)}: ${problem}`);
  return value;
}

function takeList(tokens: Tokens): string[] {
  const open = tokens.take();
  if (open !== '(') throw badSelector(`found '${open}' expected: '('`);
  const values: string[] = [];
  for (;;) {
    values.push(takeListValue(tokens));
    const token = tokens.take();
    if (token === ')') return values;
    if (token !== ',') throw badSelector(`found '${token}', expected: ',' or ')'`);
  }
}

function takeListValue(tokens: Tokens): string {
  const next = tokens.peek();
  if (next === ',' || next === ')') return '';
  if (!isWord(next)) throw badSelector(`found '${next}', expected: ',', ')' or identifier`);
  tokens.take();
  return checkedValue(next);
}
