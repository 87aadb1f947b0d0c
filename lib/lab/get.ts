/** `kubectl get` and `kubectl delete` without kubectl: any kind that the lab's API server has, in its own columns. */
import { type ApiClient, type ApiResource, discover, getTable, isStatus, resourcePath } from './api-client.ts';
import { LabError } from './lab-error.ts';
import { textTable } from './text-table.ts';

/** By plural, singular, short name or kind; the plural's group may follow: `networks.warren.dev`. */
export async function findResource(api: ApiClient, kind: string): Promise<ApiResource> {
  const wanted = kind.toLowerCase();
  const resources = await discover(api);
  const found = resources.find((resource) => namesOf(resource).includes(wanted));
  if (found) return found;
  const known = resources.map(({ name }) => name).join(', ');
  throw new LabError(`the API server has no kind "${kind}"`, `kinds it has: ${known}`);
}

const namesOf = ({ name, singularName, shortNames, kind, groupVersion }: ApiResource): readonly string[] => [
  name,
  singularName,
  kind.toLowerCase(),
  ...shortNames,
  `${name}.${groupVersion.split('/')[0] ?? ''}`,
];

/** The table as text; objects of every namespace when no name is given. */
export async function getText(
  api: ApiClient,
  kind: string,
  name: string | undefined,
  namespace = 'default',
): Promise<string> {
  const resource = await findResource(api, kind);
  const path = name === undefined ? resourcePath(resource) : resourcePath(resource, namespace, name);
  const rows = await getTable(api, path).catch((error: unknown) => {
    if (isStatus(error, 404))
      throw new LabError(`there is no ${resource.kind} "${name ?? ''}"`, `see: warrenctl lab get ${resource.name}`);
    throw error;
  });
  return rows.length === 1 ? `no ${resource.name}` : textTable(rows);
}

export async function deleteObject(api: ApiClient, kind: string, name: string, namespace = 'default'): Promise<void> {
  const resource = await findResource(api, kind);
  await api.request(resourcePath(resource, namespace, name), { method: 'DELETE' }).catch((error: unknown) => {
    if (isStatus(error, 404))
      throw new LabError(`there is no ${resource.kind} "${name}"`, `see: warrenctl lab get ${resource.name}`);
    throw error;
  });
}
