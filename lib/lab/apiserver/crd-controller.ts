/** Keeps the registry in step with the CustomResourceDefinition objects, and gives each its status. */
import { type Backend, timestamp } from './backend.ts';
import { CRD_GROUP } from './core-crd.ts';
import { parseCrd } from './crd.ts';
import { asString, at, equalJson, type JsonObject } from './json.ts';
import type { KubeObject } from './object.ts';
import type { Change } from './collection.ts';

export const CRD_STORAGE = `${CRD_GROUP}/customresourcedefinitions`;

/** Follows the store from now on; definitions that are stored already are served at once. */
export function followDefinitions(backend: Backend): void {
  const collection = backend.store.collection(CRD_STORAGE);
  for (const { object } of collection.all()) serve(backend, object);
  collection.on('change', (change) => onChange(backend, change));
}

function onChange(backend: Backend, { kind, before, after }: Change): void {
  if (kind === 'delete') return withdraw(backend, after.object);
  if (before !== undefined && equalJson(before.object['spec'], after.object['spec'])) return;
  if (before === undefined) backend.store.begin(backend.store.collection(storageOf(after.object)));
  serve(backend, after.object);
  setImmediate(() => establish(backend, after.object.metadata.name));
}

function serve({ registry, log }: Backend, crd: KubeObject): void {
  const parsed = parseCrd(crd);
  if (!parsed.ok) {
    log.error({ crd: crd.metadata.name, problem: parsed.error }, 'definition not served');
    return;
  }
  registry.remove(parsed.spec.group, parsed.spec.names.plural);
  for (const type of parsed.types) registry.add(type);
}

/** A definition takes its objects with it. */
function withdraw({ registry, store }: Backend, crd: KubeObject): void {
  registry.remove(asString(at(crd, 'spec', 'group')), asString(at(crd, 'spec', 'names', 'plural')));
  const collection = store.collection(storageOf(crd));
  for (const { object } of collection.all()) store.remove(collection, object);
}

const storageOf = (crd: KubeObject): string =>
  `${asString(at(crd, 'spec', 'group'))}/${asString(at(crd, 'spec', 'names', 'plural'))}`;

function establish({ store, now }: Backend, name: string): void {
  const collection = store.collection(CRD_STORAGE);
  const crd = collection.get(name)?.object;
  if (crd === undefined) return;
  const condition = (type: string, reason: string, message: string): JsonObject => ({
    type,
    status: 'True',
    lastTransitionTime: timestamp(now()),
    reason,
    message,
  });
  const versions = parseCrd(crd);
  const status: JsonObject = {
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    acceptedNames: at(crd, 'spec', 'names') ?? {},
    storedVersions: versions.ok
      ? versions.spec.versions.filter(({ storage }) => storage).map((version) => version.name)
      : [],
  };
  store.set(collection, { ...crd, status });
}
