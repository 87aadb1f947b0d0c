/** Objects as they come from the server: parsed by their resource's schema, or set aside with the reason. */
import * as z from 'zod';
import { parseWith } from '../api/field.ts';
import type { Resource } from '../api/meta.ts';
import { ApiError, parseJson } from './error.ts';

/** An object that is there but is none of its kind: someone edited it by hand, or a newer version wrote it. */
export interface Unreadable {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly uid: string;
  /** Which fields, and what is wrong with them. */
  readonly error: string;
}

export type ReadObject<T> =
  { readonly kind: 'object'; readonly object: T } | { readonly kind: 'unreadable'; readonly unreadable: Unreadable };

/** What even an object that is not of its kind has. A bookmark has a version alone. */
const identitySchema = z.object({
  metadata: z.object({
    name: z.string().default(''),
    namespace: z.string().optional(),
    uid: z.string().default(''),
    resourceVersion: z.string().default(''),
  }),
});
export type Identity = z.infer<typeof identitySchema>['metadata'];

export const identityOf = (value: unknown): Identity | undefined => identitySchema.safeParse(value).data?.metadata;

export const typeOf = ({ group, version, kind }: Omit<Resource<unknown>, 'schema'>) => ({
  apiVersion: group === '' ? version : `${group}/${version}`,
  kind,
});

/** The items of a list of a core kind carry no kind of their own. Undefined for what is no object at all. */
export function readObject<T>(resource: Resource<T>, value: unknown): ReadObject<T> | undefined {
  const identity = identityOf(value);
  if (!identity?.name) return undefined;
  const parsed = parseWith(resource.schema, { ...typeOf(resource), ...(value as object) });
  if (parsed.ok) return { kind: 'object', object: parsed.value };
  const { name, namespace, uid } = identity;
  return { kind: 'unreadable', unreadable: { name, namespace, uid, error: parsed.error } };
}

/** The single object of an answer; throws ApiError `Unreadable`. */
export function parseObject<T>(schema: z.ZodType<T>, what: string, text: string): T {
  const parsed = parseWith(schema, parseJson(text));
  if (parsed.ok) return parsed.value;
  throw new ApiError({ status: 200, reason: 'Unreadable', message: `${what}: ${parsed.error}` });
}
