/**
 * Reads untrusted JSON by hand, for the files that the plugin loads: a schema library would double the start-up time of a process that
 * the runtime executes every few seconds.
 */

/** A value that has the wrong shape; the message names its path: `runtimeConfig.ips[0]: expected a string, found 5`. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

export type JsonObject = { readonly [key: string]: unknown };

/** Throws ShapeError: `PATH: WHAT`. */
export function refuse(path: string, what: string): never {
  throw new ShapeError(path === '' ? what : `${path}: ${what}`);
}

/** Own keys only: a document cannot reach what objects inherit. */
export const field = (object: JsonObject, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** Go encodes an empty value as null. */
export const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function readObject(value: unknown, path: string): JsonObject {
  return isObject(value) ? value : refuse(path, `expected an object, found ${excerpt(value)}`);
}

export function readString(value: unknown, path: string): string {
  return typeof value === 'string' ? value : refuse(path, `expected a string, found ${excerpt(value)}`);
}

/** A whole number from `least` to `most`. */
export function readInteger(value: unknown, path: string, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  return refuse(path, `expected a whole number from ${least} to ${most}, found ${excerpt(value)}`);
}

/** Each element read by `read`, with its own path. Absent or null is an empty list. */
export function readList<T>(value: unknown, path: string, read: (item: unknown, path: string) => T): readonly T[] {
  if (isAbsent(value)) return [];
  if (!Array.isArray(value)) return refuse(path, `expected a list, found ${excerpt(value)}`);
  return value.map((item: unknown, i) => read(item, `${path}[${i}]`));
}

export const readStrings = (value: unknown, path: string): readonly string[] => readList(value, path, readString);

/** `read`, or undefined when the value is absent. */
export function readOptional<T>(value: unknown, path: string, read: (item: unknown, path: string) => T): T | undefined {
  return isAbsent(value) ? undefined : read(value, path);
}

/** Enough of a value to find it by, on one line. */
export function excerpt(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
