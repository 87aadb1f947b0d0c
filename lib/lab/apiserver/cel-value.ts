/** JSON along its schema as CEL values: integers become int, timestamps become timestamp, field names are escaped. */
import type { Json, JsonObject } from './json.ts';
import { childSchema, type Schema } from './schema.ts';

export type CelValue = null | boolean | bigint | number | string | Date | CelValue[] | { [key: string]: CelValue };

const RESERVED = new Set(
  [
    ...['true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function'],
    ...['if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while'],
  ].map(String),
);
const ESCAPES: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

/** How a rule names a field (apiextensions: "escaping of property names"). */
export const escapeName = (name: string): string =>
  RESERVED.has(name) ? `__${name}__` : name.replace(/__|[./-]/g, (part) => ESCAPES[part] ?? part);

/** Fields that the schema does not name cannot be seen by rules. */
export function toCel(value: Json, schema: Schema): CelValue {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return isInteger(schema, value) ? BigInt(value) : value;
  if (typeof value === 'string') return schema.format === 'date-time' ? new Date(value) : value;
  if (Array.isArray(value)) return value.map((item) => toCel(item, schema.items ?? {}));
  return toCelObject(value, schema);
}

const isInteger = (schema: Schema, value: number): boolean => schema.type !== 'number' && Number.isInteger(value);

function toCelObject(value: JsonObject, schema: Schema): CelValue {
  const isMap = schema.properties === undefined && schema.additionalProperties !== undefined;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const child = childSchema(schema, key);
    return child === undefined ? [] : [[isMap ? key : escapeName(key), toCel(item, child)] as const];
  });
  return Object.fromEntries(entries);
}

/** What rules see of the whole object's own fields. */
export function rootSchema(schema: Schema): Schema {
  const text: Schema = { type: 'string' };
  const metadata: Schema = { type: 'object', properties: { name: text, generateName: text } };
  return { ...schema, properties: { ...schema.properties, apiVersion: text, kind: text, metadata } };
}
