/** Errors as the API machinery answers them: metav1.Status with code, reason, message and details. */
import type { Json, JsonObject } from './json.ts';

export interface Cause extends JsonObject {
  reason?: string;
  message: string;
  field?: string;
}

/** What a Status says about the object that it is about. */
export interface StatusDetails extends JsonObject {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: Cause[];
  retryAfterSeconds?: number;
}

/** Names a resource in messages: `networks.warren.dev`, `pods`. */
export interface GroupResource {
  readonly group: string;
  readonly plural: string;
}

/** An answer other than success. `code` is the HTTP status. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  readonly metadata: JsonObject;

  constructor(code: number, reason: string, message: string, details?: StatusDetails, metadata: JsonObject = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
    this.metadata = metadata;
  }

  toStatus(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.metadata,
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

export const resourceName = ({ group, plural }: GroupResource): string =>
  group === '' ? plural : `${plural}.${group}`;

const about = (resource: GroupResource, name: string): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(resource.group === '' ? {} : { group: resource.group }),
  kind: resource.plural,
});

export const success = (details: JsonObject): JsonObject => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details,
});

export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message);
export const unauthorized = (): ApiError => new ApiError(401, 'Unauthorized', 'Unauthorized');
export const notFound = (resource: GroupResource, name: string): ApiError =>
  new ApiError(404, 'NotFound', `${resourceName(resource)} "${name}" not found`, about(resource, name));
/** No such path, as opposed to no such object. */
export const noSuchPath = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
export const alreadyExists = (resource: GroupResource, name: string): ApiError =>
  new ApiError(409, 'AlreadyExists', `${resourceName(resource)} "${name}" already exists`, about(resource, name));
export const conflict = (resource: GroupResource, name: string, why: string): ApiError =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resourceName(resource)} "${name}": ${why}`,
    about(resource, name),
  );
export const staleVersion = (resource: GroupResource, name: string): ApiError =>
  conflict(
    resource,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
export const forbidden = (resource: GroupResource, name: string, why: string): ApiError =>
  new ApiError(
    403,
    'Forbidden',
    `${resourceName(resource)} ${name === '' ? '' : `"${name}" `}is forbidden: ${why}`,
    about(resource, name),
  );
export const methodNotAllowed = (resource: GroupResource, verb: string): ApiError =>
  new ApiError(
    405,
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind "${resourceName(resource)}"`,
    about(resource, ''),
  );
export const wrongMethod = (): ApiError =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
/** A resourceVersion that has been compacted away. */
export const expired = (message: string, metadata: JsonObject = {}): ApiError =>
  new ApiError(410, 'Expired', message, undefined, metadata);
/** What the real server's storage layer refuses reaches the client without a reason. */
export const storageError = (message: string): ApiError => new ApiError(500, '', message);
export const internalError = (message: string): ApiError =>
  new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message, reason: '' }] });

export const invalid = (
  kind: { group: string; kind: string },
  name: string,
  errors: readonly FieldError[],
): ApiError => {
  const messages = errors.map(fieldErrorText);
  const list = messages.length === 1 ? messages[0] : `[${messages.join(', ')}]`;
  const target = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return new ApiError(422, 'Invalid', `${target} "${name}" is invalid: ${list}`, {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    ...(kind.kind === '' ? {} : { kind: kind.kind }),
    causes: errors.map((error) => ({ reason: error.reason, message: errorBody(error), field: error.field })),
  });
};

/** One thing that is wrong with one field, as k8s.io/apimachinery/pkg/util/validation/field has it. */
export interface FieldError {
  readonly field: string;
  readonly reason: string;
  /** `Invalid value: 5: must be at least 8`: what follows the field's path. */
  readonly text: string;
}

const errorBody = (error: FieldError): string => error.text;
const fieldErrorText = (error: FieldError): string => `${error.field}: ${error.text}`;

/** A value as messages quote it: strings in quotes, objects as JSON. */
export const quoted = (value: Json | undefined): string => (value === undefined ? 'null' : JSON.stringify(value));

export const invalidValue = (path: string, value: Json | undefined, why: string): FieldError => ({
  field: path,
  reason: 'FieldValueInvalid',
  text: `Invalid value: ${quoted(value)}: ${why}`,
});
export const typeInvalid = (path: string, value: Json | undefined, why: string): FieldError => ({
  field: path,
  reason: 'FieldValueTypeInvalid',
  text: `Invalid value: ${quoted(value)}: ${why}`,
});
export const required = (path: string, why = ''): FieldError => ({
  field: path,
  reason: 'FieldValueRequired',
  text: why === '' ? 'Required value' : `Required value: ${why}`,
});
export const duplicate = (path: string, value: Json | undefined): FieldError => ({
  field: path,
  reason: 'FieldValueDuplicate',
  text: `Duplicate value: ${quoted(value)}`,
});
export const forbiddenField = (path: string, why: string): FieldError => ({
  field: path,
  reason: 'FieldValueForbidden',
  text: `Forbidden: ${why}`,
});
export const unsupportedValue = (path: string, value: Json | undefined, allowed: readonly Json[]): FieldError => ({
  field: path,
  reason: 'FieldValueNotSupported',
  text: `Unsupported value: ${quoted(value)}: supported values: ${allowed.map(quoted).join(', ')}`,
});
