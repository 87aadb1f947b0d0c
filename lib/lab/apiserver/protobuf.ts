/**
 * Reads application/vnd.kubernetes.protobuf, in which kubectl sends what it makes without a manifest (`kubectl create namespace`). Answers
 * are always JSON. The messages come from core-protobuf.json (made by .scripts/core-protobuf.ts).
 */
import protobuf, { type Field, type Type } from 'protobufjs/light.js';
import documents from './core-protobuf.json' with { type: 'json' };
import { asObject, asString, type Json, type JsonObject, parseJson } from './json.ts';
import { badRequest } from './status.ts';

/** What precedes the envelope: `k8s` and a zero byte (k8s.io/apimachinery/pkg/runtime/serializer/protobuf). */
const MAGIC = Buffer.from('k8s\0');

const root = protobuf.Root.fromJSON({ nested: documents });

/** The message as the JSON document that it stands for, kind and apiVersion included. Throws 400 for what is no such message. */
export function parseProtobuf(bytes: Buffer): JsonObject {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw badRequest('provided data does not appear to be a protobuf message');
  const envelope = read('Unknown', bytes.subarray(MAGIC.length));
  const typeMeta = asObject(envelope['typeMeta']);
  const kind = asString(typeMeta['kind']);
  return { ...typeMeta, ...read(kind, Buffer.from(asString(envelope['raw']), 'base64')) };
}

function read(name: string, bytes: Buffer): JsonObject {
  const type = Object.hasOwn(documents, name) ? root.lookupType(name) : undefined;
  if (type === undefined)
    throw badRequest(`protobuf messages of kind ${JSON.stringify(name)} are not read here: send JSON`);
  try {
    const message = type.toObject(type.decode(bytes), { longs: Number, bytes: String });
    return messageFields(type, asObject(parseJson(JSON.stringify(message))));
  } catch (error) {
    throw badRequest(`protobuf: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Field by field, without the zero values that the encoder writes for everything that is not set. */
function messageFields(type: Type, message: JsonObject): JsonObject {
  const entries = type.fieldsArray.flatMap((field) => {
    const value = message[field.name];
    const plain = value === undefined ? null : fieldValue(field.resolve(), value);
    return isZero(plain) ? [] : [[field.name, plain] as const];
  });
  return Object.fromEntries(entries);
}

const isZero = (value: Json): boolean => value === null || value === '' || value === 0 || value === false;

function fieldValue(field: Field, value: Json): Json {
  const { resolvedType } = field;
  if (!(resolvedType instanceof protobuf.Type)) return value;
  if (Array.isArray(value)) return value.map((item) => messageValue(resolvedType, asObject(item)));
  if (!field.map) return messageValue(resolvedType, asObject(value));
  const entries = Object.entries(asObject(value)).map(([key, item]) => [
    key,
    messageValue(resolvedType, asObject(item)),
  ]);
  return Object.fromEntries(entries) as JsonObject;
}

/** Some messages stand for what JSON writes as one value. */
function messageValue(type: Type, message: JsonObject): Json {
  switch (type.name) {
    case 'Time':
      return timeText(message, 'seconds');
    case 'MicroTime':
      return timeText(message, 'microseconds');
    case 'IntOrString':
      return message['type'] === 1 ? asString(message['strVal']) : (message['intVal'] ?? 0);
    case 'FieldsV1':
      return parseJson(Buffer.from(asString(message['Raw']), 'base64').toString() || '{}');
    default:
      return messageFields(type, message);
  }
}

function timeText({ seconds, nanos }: JsonObject, precision: 'seconds' | 'microseconds'): Json {
  if (typeof seconds !== 'number' || seconds <= 0) return null;
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  const micros = typeof nanos === 'number' ? Math.floor(nanos / 1000) : 0;
  return precision === 'seconds' ? `${text}Z` : `${text}.${String(micros).padStart(6, '0')}Z`;
}
