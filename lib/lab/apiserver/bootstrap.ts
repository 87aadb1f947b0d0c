/** What is there before the first request: the built-in kinds, the default namespaces, the given definitions. */
import { type Backend, timestamp } from './backend.ts';
import { builtinTypes } from './builtin.ts';
import { CRD_STORAGE, followDefinitions } from './crd-controller.ts';
import { parseCrd } from './crd.ts';
import { defaultDefinition } from './core-crd.ts';
import { collectGarbage } from './garbage-collector.ts';
import { followNamespaces, NAMESPACE_STORAGE } from './namespace-controller.ts';
import { asString, at, cloneJson, equalJson, type JsonObject } from './json.ts';
import type { KubeObject } from './object.ts';
import { restoreSnapshot } from './snapshot.ts';

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Throws an Error that names the definition, or the line of the snapshot, that is not valid. */
export async function bootstrap(
  backend: Backend,
  crds: readonly JsonObject[],
  snapshotFile: string | undefined,
): Promise<void> {
  for (const type of builtinTypes()) backend.registry.add(type);
  if (snapshotFile !== undefined) await restoreSnapshot(backend.store, snapshotFile);
  followDefinitions(backend);
  followNamespaces(backend);
  collectGarbage(backend);
  for (const name of NAMESPACES) addNamespace(backend, name);
  for (const crd of crds) addDefinition(backend, crd);
}

const freshMeta = ({ uid, now }: Backend, name: string) => ({ name, uid: uid(), creationTimestamp: timestamp(now()) });

function addNamespace(backend: Backend, name: string): void {
  const collection = backend.store.collection(NAMESPACE_STORAGE);
  if (collection.has(name)) return;
  backend.store.set(collection, {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { ...freshMeta(backend, name), labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
}

/** A definition that a snapshot brought back is replaced when it differs: the files are what the server was started with. */
function addDefinition(backend: Backend, file: JsonObject): void {
  const crd = cloneJson<JsonObject>(file);
  defaultDefinition(crd);
  const name = asString(at(crd, 'metadata', 'name'));
  const parsed = parseCrd(crd);
  if (!parsed.ok) throw new Error(`CustomResourceDefinition ${name}: ${parsed.error}`);
  const collection = backend.store.collection(CRD_STORAGE);
  const old = collection.get(name)?.object;
  if (old !== undefined && equalJson(old['spec'], crd['spec'])) return;
  const object: KubeObject = {
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    metadata: old?.metadata ?? { ...freshMeta(backend, name), generation: 1 },
    spec: crd['spec'] ?? {},
  };
  backend.store.set(collection, object);
}
