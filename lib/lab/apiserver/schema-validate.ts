/** Validates objects by their structural schema: ajv decides, the messages are those of the real server. */
import { Ajv, type ErrorObject } from 'ajv';
import { asObject, asString, at, isObject, type Json, type JsonObject, omit } from './json.ts';
import { isUnchanged } from './ratchet.ts';
import { FORMATS } from './schema-formats.ts';
import type { Schema } from './schema.ts';
import { type FieldError, invalidValue, required, typeInvalid, unsupportedValue } from './status.ts';

/** Returns every violation; empty when the object fits. On the status endpoint only the status is looked at. */
export type SchemaValidator = (
  object: JsonObject,
  endpoint: 'main' | 'status',
  old: JsonObject | undefined,
) => FieldError[];

const ajv = new Ajv({ allErrors: true, verbose: true, strict: false, validateFormats: true, unicodeRegExp: false });
for (const [name, validate] of Object.entries(FORMATS)) ajv.addFormat(name, { type: 'string', validate });

/** Throws when a pattern is no regular expression. Of the metadata, a schema can restrict the names only; the rest is checked elsewhere. */
export function compileSchema(schema: Schema): SchemaValidator {
  const { metadata, ...properties } = schema.properties ?? {};
  const main = compile({ ...schema, properties: { ...properties, ...restrictedNames(metadata) } }, '');
  const status = compile(properties['status'] ?? {}, 'status');
  return (object, endpoint, old) =>
    endpoint === 'main' ? main(withoutEmptyName(object), old) : status(object['status'] ?? {}, old?.['status']);
}

/** That a name is missing is said elsewhere. */
const withoutEmptyName = (object: JsonObject): JsonObject =>
  at(object, 'metadata', 'name') === ''
    ? { ...object, metadata: omit(asObject(object['metadata']), ['name']) }
    : object;

function restrictedNames(metadata: Schema | undefined): Record<string, Schema> {
  const { name, generateName } = metadata?.properties ?? {};
  const names = { ...(name === undefined ? {} : { name }), ...(generateName === undefined ? {} : { generateName }) };
  return { metadata: { type: 'object', properties: names } };
}

/** Messages name fields from `value` on; `prefix` is where the value is in the object. */
function compile(schema: Schema, prefix: string): (value: Json, old: Json | undefined) => FieldError[] {
  const validate = ajv.compile(toJsonSchema(schema));
  return (value, old) => {
    if (validate(value)) return [];
    const errors = firstOfText(validate.errors ?? []).filter(
      (error) => old === undefined || !isUnchanged(stepsOf(error.instancePath), value, old, schema),
    );
    return errors.flatMap((error) => fieldErrors(error, value)).map((error) => under(prefix, error));
  };
}

/** The steps of a JSON pointer (RFC 6901). */
const stepsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

const TEXT_RULES = ['maxLength', 'minLength', 'pattern'];

/** Of the rules of one text, the real server names the first that does not hold. */
function firstOfText(errors: readonly ErrorObject[]): ErrorObject[] {
  const rank = ({ keyword }: ErrorObject): number => TEXT_RULES.indexOf(keyword);
  return errors.filter(
    (error) =>
      rank(error) < 0 ||
      !errors.some(
        (other) => other.instancePath === error.instancePath && rank(other) >= 0 && rank(other) < rank(error),
      ),
  );
}

const under = (prefix: string, error: FieldError): FieldError =>
  prefix === '' || error.field === '<nil>'
    ? error
    : { ...error, field: error.field === '' ? prefix : `${prefix}.${error.field}` };

/** What ajv tells of an error; which of them are there depends on the keyword. */
interface Params {
  readonly missingProperty: string;
  readonly format: string;
  readonly allowedValues: readonly Json[];
  readonly limit: number;
  readonly multipleOf: number;
}

const COPIED = [
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'multipleOf',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'required',
] as const;

/** JSON Schema 2020 terms: numeric exclusive bounds, and types for what has only an x-kubernetes-* marker. */
function toJsonSchema(schema: Schema): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const key of COPIED) if (schema[key] !== undefined) result[key] = schema[key];
  const type = typesOf(schema);
  if (type.length > 0) result['type'] = type;
  if (schema.format !== undefined && schema.format in FORMATS) result['format'] = schema.format;
  if (schema.minimum !== undefined)
    result[schema.exclusiveMinimum === true ? 'exclusiveMinimum' : 'minimum'] = schema.minimum;
  if (schema.maximum !== undefined)
    result[schema.exclusiveMaximum === true ? 'exclusiveMaximum' : 'maximum'] = schema.maximum;
  return { ...result, ...nestedSchemas(schema) };
}

function typesOf(schema: Schema): string[] {
  const types =
    schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : schema.type ? [schema.type] : [];
  return types.length > 0 && schema.nullable === true ? [...types, 'null'] : types;
}

function nestedSchemas(schema: Schema): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  if (schema.properties !== undefined) {
    const entries = Object.entries(schema.properties);
    result['properties'] = Object.fromEntries(entries.map(([key, child]) => [key, toJsonSchema(child)]));
  }
  if (typeof schema.additionalProperties === 'object') {
    result['additionalProperties'] = toJsonSchema(schema.additionalProperties);
  }
  if (schema.items !== undefined) result['items'] = toJsonSchema(schema.items);
  if (schema.not !== undefined) result['not'] = toJsonSchema(schema.not);
  for (const key of ['allOf', 'anyOf', 'oneOf'] as const) {
    if (schema[key] !== undefined) result[key] = schema[key].map(toJsonSchema);
  }
  return result;
}

/** `/spec/subnets/0/cidr` as `spec.subnets[0].cidr`. */
function fieldPath(pointer: string, root: Json): string {
  let value: Json = root;
  let path = '';
  for (const key of stepsOf(pointer)) {
    path += Array.isArray(value) ? `[${key}]` : `${path === '' ? '' : '.'}${key}`;
    value = (isObject(value) ? value[key] : Array.isArray(value) ? value[Number(key)] : null) ?? null;
  }
  return path;
}

const nameOfType = (value: Json): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
};

function fieldErrors(error: ErrorObject, root: Json): FieldError[] {
  const path = fieldPath(error.instancePath, root);
  const value = error.data as Json;
  const params = error.params as Params;
  const say = (text: string): FieldError[] => [invalidValue(path, value, `${path} in body ${text}`)];
  switch (error.keyword) {
    case 'required':
      return [required(path === '' ? params.missingProperty : `${path}.${params.missingProperty}`)];
    case 'type':
      return wrongType(path, value, (error.parentSchema as { type: string[] }).type);
    case 'format':
      return [typeInvalid(path, value, `${path} in body must be of type ${params.format}: ${JSON.stringify(value)}`)];
    case 'enum':
      return [unsupportedValue(path, value, params.allowedValues)];
    case 'maxLength':
    case 'maxItems':
    case 'maxProperties':
      return [tooMuch(error.keyword, path, value, params.limit)];
    default:
      return say(complaint(error.keyword, params, (error.schema ?? null) as Json));
  }
}

function wrongType(path: string, value: Json, types: readonly string[]): FieldError[] {
  const found = nameOfType(value);
  const wanted = types.filter((type) => type !== 'null').join(',');
  const error = typeInvalid(path, found, `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`);
  if (wanted !== 'integer' || found !== 'number') return [error];
  // The real server's format check, which does not know where it is, complains of a fraction as well.
  return [error, invalidValue('<nil>', '', `Checked value must be of type integer (default format) in ${path}`)];
}

function tooMuch(
  keyword: 'maxLength' | 'maxItems' | 'maxProperties',
  path: string,
  value: Json,
  limit: number,
): FieldError {
  if (keyword === 'maxLength') {
    return { field: path, reason: 'FieldValueTooLong', text: `Too long: may not be more than ${limit} bytes` };
  }
  const size = Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 0;
  return { field: path, reason: 'FieldValueTooMany', text: `Too many: ${size}: must have at most ${limit} items` };
}

function complaint(keyword: string, params: Params, schema: Json): string {
  const { limit } = params;
  switch (keyword) {
    case 'minimum':
      return `should be greater than or equal to ${limit}`;
    case 'maximum':
      return `should be less than or equal to ${limit}`;
    case 'exclusiveMinimum':
      return `should be greater than ${limit}`;
    case 'exclusiveMaximum':
      return `should be less than ${limit}`;
    case 'multipleOf':
      return `should be a multiple of ${params.multipleOf}`;
    case 'minLength':
      return `should be at least ${limit} chars long`;
    case 'minItems':
      return `should have at least ${limit} items`;
    case 'minProperties':
      return `should have at least ${limit} properties`;
    case 'pattern':
      return `should match '${asString(schema)}'`;
    default:
      return `must validate ${keyword}`;
  }
}
