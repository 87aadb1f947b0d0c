/** Paths and queries of the Kubernetes REST API. */
import type { Resource } from '../api/meta.ts';

type AnyResource = Omit<Resource<unknown>, 'schema'>;

/** `/apis/warren.dev/v1alpha1/networks/blue/status`; the core group lives under `/api/v1`. */
export function objectPath(
  resource: AnyResource,
  of: { namespace?: string | undefined; name?: string | undefined; subresource?: 'status' | undefined },
): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const namespace = resource.namespaced && of.namespace !== undefined ? ['namespaces', of.namespace] : [];
  const parts = [...namespace, resource.plural, of.name, of.subresource].filter((part) => part !== undefined);
  return [root, ...parts.map(encodeURIComponent)].join('/');
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** `?a=1&b=2`, or nothing; undefined members are left out. */
export function queryString(query: Query): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  return search.size === 0 ? '' : `?${search}`;
}
