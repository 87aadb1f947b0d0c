/** What kube-controller-manager does for a namespace that is being deleted: its content goes first, then the namespace. */
import type { Backend } from './backend.ts';
import { deleteEntry } from './delete.ts';
import { asArray, at } from './json.ts';
import type { Change, Collection } from './collection.ts';

export const NAMESPACE_STORAGE = '/namespaces';

/** Follows the store from now on; a deletion that was under way goes on. */
export function followNamespaces(backend: Backend): void {
  const namespaces = backend.store.collection(NAMESPACE_STORAGE);
  const resume = (name: string) => setImmediate(() => empty(backend, namespaces, name));
  for (const { key } of namespaces.all()) resume(key);
  backend.store.on('change', (collection, change) => {
    const name = affected(namespaces, collection, change);
    if (name !== undefined) resume(name);
  });
}

/** The namespace that a change may have brought closer to its end. */
function affected(namespaces: Collection, collection: Collection, { kind, after }: Change): string | undefined {
  if (collection === namespaces) return kind === 'set' ? after.key : undefined;
  const { namespace = '' } = after.object.metadata;
  return kind === 'delete' && namespaces.has(namespace) ? namespace : undefined;
}

function empty(backend: Backend, namespaces: Collection, name: string): void {
  const namespace = namespaces.get(name)?.object;
  if (namespace?.metadata.deletionTimestamp === undefined) return;
  let left = 0;
  for (const { type } of backend.registry.all()) {
    if (!type.namespaced || type.version !== type.storageVersion) continue;
    left += emptyResource(backend, backend.store.collection(`${type.group}/${type.plural}`), name);
  }
  if (left > 0 || (namespace.metadata.finalizers ?? []).length > 0) return;
  const finalizers = asArray(at(namespace, 'spec', 'finalizers')).filter((item) => item !== 'kubernetes');
  if (finalizers.length === 0) backend.store.remove(namespaces, namespace);
}

/** Deletes the objects of one resource; returns how many wait for finalizers. */
function emptyResource(backend: Backend, collection: Collection, namespace: string): number {
  const served = backend.registry.findStorage(collection.storageKey);
  if (served === undefined) return 0;
  const entries = collection.range(`${namespace}/`, '');
  const options = { dryRun: false, gracePeriodSeconds: 0 };
  return entries.filter((entry) => !deleteEntry(backend, served.type, entry, options).gone).length;
}
