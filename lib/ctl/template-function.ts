/** The functions of `--format`: Docker's (json, join, lower, …) and those of Go's text/template that people use with them. */
import { TemplateError } from './template-parse.ts';
import { isList, isMap, isStruct, isTrue, plainOf, textOf, type Value } from './template-value.ts';

type TemplateFunction = (...values: readonly Value[]) => Value;

const text = (value: Value | undefined): string => textOf(value ?? '');

const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  json: (value = null) => JSON.stringify(plainOf(value)),
  join: (list = null, separator = '') => (isList(list) ? list.map(textOf).join(text(separator)) : text(list)),
  split: (value, separator) => text(value).split(text(separator)),
  lower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  title: (value) => text(value).replace(/\b[a-z]/g, (letter) => letter.toUpperCase()),
  truncate: (value, length) => text(value).slice(0, Number(length)),
  len: (value = '') => lengthOf(value),
  index: (value = null, ...keys) => keys.reduce(elementOf, value),
  print: (...values) => values.map(textOf).join(''),
  println: (...values) => `${values.map(textOf).join(' ')}\n`,
  printf: (format, ...values) => formatted(text(format), values),
  eq: (first = null, ...others) => others.some((other) => textOf(other) === textOf(first)),
  ne: (first = null, second = null) => textOf(first) !== textOf(second),
  and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1) ?? null,
  or: (...values) => values.find(isTrue) ?? values.at(-1) ?? null,
  not: (value = null) => !isTrue(value),
};

/** Throws TemplateError for a name that is no function. */
export function callFunction(name: string, values: readonly Value[]): Value {
  const found = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (found) return found(...values);
  const known = Object.keys(FUNCTIONS).join(', ');
  throw new TemplateError(`"${name}" is no function: a field starts with a dot (.${name}); functions are ${known}`);
}

function lengthOf(value: Value): number {
  if (isMap(value)) return value.size;
  if (isList(value) || typeof value === 'string') return value.length;
  throw new TemplateError(`len of ${textOf(value)}: only lists, maps and texts have a length`);
}

function elementOf(value: Value, key: Value): Value {
  if (isMap(value)) return value.get(text(key)) ?? '';
  if (isStruct(value)) throw new TemplateError(`index ${text(key)}: write the field with a dot, .${text(key)}`);
  const element = isList(value) ? value[Number(key)] : undefined;
  if (element === undefined) throw new TemplateError(`index ${text(key)}: ${textOf(value)} has no such element`);
  return element;
}

function formatted(format: string, values: readonly Value[]): string {
  const rest = [...values];
  return format.replace(/%(-?\d*)([svdqt%])/g, (_, width: string, verb: string) => {
    if (verb === '%') return '%';
    const value = text(rest.shift());
    const shown = verb === 'q' ? JSON.stringify(value) : value;
    return width.startsWith('-') ? shown.padEnd(Number(width.slice(1))) : shown.padStart(Number(width));
  });
}
