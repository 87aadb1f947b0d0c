/** What must not reach a log even when an object that holds it is logged by mistake. */

/** Credentials and key material under the names that we, Kubernetes Secrets and HTTP give them. */
const SECRET_FIELDS = ['authorization', 'Authorization', 'token', 'password', 'privateKey', 'keyMaterial'];
const SECRET_CONTENT = ['data', 'stringData'];

/** Paths in pino's syntax: the fields themselves and up to two levels down. */
export const REDACTED_PATHS: readonly string[] = [...SECRET_FIELDS, ...SECRET_CONTENT].flatMap((field) => [
  field,
  `*.${field}`,
  `*.*.${field}`,
]);
