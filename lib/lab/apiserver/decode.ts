/** Turns a request's document into an object of the resource: right kind, unknown fields dropped and reported, defaults filled in. */
import { jsonSyntaxError } from './body.ts';
import { wrongType } from './decode-types.ts';
import { writeAsGo } from './core-zero.ts';
import { duplicateKeys } from './json-duplicates.ts';
import { cloneJson, isObject, type Json, type JsonObject, parseJson } from './json.ts';
import { asKubeObject, DecodeError, type KubeObject } from './object.ts';
import type { WriteRequest } from './request.ts';
import { apiVersionOf, type ResourceType } from './resource.ts';
import { applyDefaults, pruneObject } from './schema-prune.ts';
import { type ApiError, badRequest, invalid, invalidValue, storageError } from './status.ts';

const SUMMARY_BYTES = 30;

/** A posted or put body. Throws the 400 of the real server. */
export function decodeBody(request: WriteRequest, text: string, parse: (text: string) => Json): KubeObject {
  try {
    const document = parse(text);
    const repeated = text.startsWith('{') ? duplicateKeys(text) : [];
    return decode(request, document, text.trim(), repeated);
  } catch (error) {
    if (error instanceof DecodeError) throw bodyError(request.type, error, text);
    throw error;
  }
}

/** JSON text as a document; throws DecodeError. */
export function parseObjectJson(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw new DecodeError(`couldn't get version/kind; json parse error: ${jsonSyntaxError(error, text)}`);
  }
}

/** What a patch has made of an object. Throws the 422 of the real server. */
export function decodePatched(request: WriteRequest, patched: Json): KubeObject {
  try {
    return decode(request, cloneJson(patched), '', []);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const text = JSON.stringify(patched);
    throw invalid({ group: '', kind: '' }, '', [invalidValue('patch', text, error.message)]);
  }
}

/** An applied configuration: unknown fields are refused, defaults are left to the merged object. */
export function decodeApplied(request: WriteRequest, document: JsonObject): KubeObject {
  const { type, path } = request;
  try {
    const config = asKubeObject(document, JSON.stringify(document));
    const expected = apiVersionOf(type);
    if (config.apiVersion !== expected) {
      throw badRequest(`invalid object type: ${config.apiVersion}, Kind=${config.kind}`);
    }
    const [unknown] = pruneObject(config, type.schema);
    if (unknown === undefined) return config;
    const place = `${path.namespace}/${path.name}; ${expected}, Kind=${type.kind}`;
    throw storageError(`failed to create typed patch object (${place}): .${unknown}: field not declared in schema`);
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`error decoding YAML: ${error.message}`);
    throw error;
  }
}

function bodyError(type: ResourceType, { message, kind }: DecodeError, text: string): ApiError {
  if (kind !== undefined) {
    return badRequest(
      `${kind} in version ${JSON.stringify(type.version)} cannot be handled as a ${type.kind}: ${message}`,
    );
  }
  return badRequest(
    `the object provided is unrecognized (must be of type ${type.kind}): ${message} (${summary(text)})`,
  );
}

function summary(text: string): string {
  if (text === '') return '<empty>';
  const bytes = Buffer.from(text);
  const shown = bytes.subarray(0, SUMMARY_BYTES);
  const more = bytes.length > SUMMARY_BYTES ? ' ...' : '';
  return (text.startsWith('{') ? shown.toString('utf8') : shown.toString('hex')) + more;
}

function decode(request: WriteRequest, document: Json, text: string, repeated: readonly string[]): KubeObject {
  const { type } = request;
  const object = asKubeObject(type.custom ? document : withKind(type, document), text);
  const expected = apiVersionOf(type);
  if (object.apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (!type.custom && object.kind !== type.kind) throw new DecodeError(conversionText(type, object.kind), object.kind);
  const mismatch = type.custom ? undefined : wrongType(object, type.schema, { path: '', owner: type.kind });
  if (mismatch !== undefined) throw new DecodeError(mismatch, object.kind);
  const unknown = pruneObject(object, type.schema);
  report(request, [
    ...repeated.map((path) => `duplicate field ${JSON.stringify(path)}`),
    ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
  ]);
  complete(type, object);
  return object;
}

/** The path says of what kind a built-in object is; it may leave that out. */
const withKind = (type: ResourceType, document: Json): Json =>
  isObject(document) ? { kind: type.kind, apiVersion: apiVersionOf(type), ...document } : document;

const conversionText = ({ group, kind }: ResourceType, found: string): string =>
  `converting (v1.${found}) to (${group === '' ? 'core' : (group.split('.')[0] ?? '')}.${kind}): unknown conversion`;

/** Defaults of the schema and of the kind. */
export function complete(type: ResourceType, object: KubeObject): void {
  if (type.custom) applyDefaults(object, type.schema);
  else writeAsGo(object, type.schema);
  type.strategy.defaults?.(object);
}

/** Throws when the client asked to be strict, warns when it asked for warnings. */
function report({ options, warnings, type }: WriteRequest, texts: readonly string[]): void {
  if (texts.length === 0 || options.fieldValidation === 'Ignore') return;
  if (options.fieldValidation === 'Strict')
    throw new DecodeError(`strict decoding error: ${texts.join(', ')}`, type.kind);
  warnings.push(...texts);
}
