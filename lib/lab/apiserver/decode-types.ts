/** The types of the built-in kinds' fields: what Go's decoder refuses before any other rule is looked at. */
import { asString, isObject, type Json } from './json.ts';
import { childSchema, type Schema } from './schema.ts';

interface Place {
  readonly path: string;
  /** The Go type that has the field. */
  readonly owner: string;
}

/** Go's complaint about the first value of a wrong type; undefined when there is none. Null is "not set" everywhere. */
export function wrongType(value: Json, schema: Schema, place: Place): string | undefined {
  if (value === null) return undefined;
  if (!fits(value, schema)) {
    return `json: cannot unmarshal ${jsonType(value)} into Go struct field ${place.owner}.${place.path} of type ${goType(schema)}`;
  }
  if (schema.format === 'byte') return notBase64(asString(value));
  return Array.isArray(value) ? wrongItem(value, schema, place) : wrongField(value, schema, place);
}

function wrongItem(list: readonly Json[], { items = {} }: Schema, place: Place): string | undefined {
  return firstText(list, (item) => wrongType(item, items, place));
}

function wrongField(value: Json, schema: Schema, place: Place): string | undefined {
  if (!isObject(value)) return undefined;
  const owner = schema.title ?? place.owner;
  return firstText(Object.entries(value), ([key, child]) => {
    const named = schema.properties !== undefined && Object.hasOwn(schema.properties, key);
    const below = place.path === '' ? key : `${place.path}.${key}`;
    const path = named ? below : place.path;
    return key === 'metadata' ? undefined : wrongType(child, childSchema(schema, key) ?? {}, { path, owner });
  });
}

function notBase64(text: string): string | undefined {
  const wrong = /[^A-Za-z0-9+/\r\n]/.exec(text.replace(/={1,2}$/, ''))?.index;
  if (wrong !== undefined) return `illegal base64 data at input byte ${wrong}`;
  return text.replace(/[\r\n]/g, '').length % 4 === 0 ? undefined : `illegal base64 data at input byte ${text.length}`;
}

function firstText<T>(values: readonly T[], check: (value: T) => string | undefined): string | undefined {
  for (const value of values) {
    const text = check(value);
    if (text !== undefined) return text;
  }
  return undefined;
}

function fits(value: Json, { type }: Schema): boolean {
  switch (type) {
    case undefined:
      return true;
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value);
    case 'number':
    case 'string':
    case 'boolean':
      return typeof value === type;
  }
}

function jsonType(value: Json): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function goType({ type, format, title, items, additionalProperties }: Schema): string {
  switch (type) {
    case 'boolean':
      return 'bool';
    case 'integer':
      return format ?? 'int64';
    case 'number':
      return 'float64';
    case 'array':
      return `[]${goType(items ?? {})}`;
    case 'object':
      if (typeof additionalProperties === 'object') return `map[string]${goType(additionalProperties)}`;
      return title === undefined ? 'map[string]interface {}' : `v1.${title}`;
    default:
      return 'string';
  }
}
