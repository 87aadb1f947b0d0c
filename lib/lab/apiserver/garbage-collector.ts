/**
 * What kube-controller-manager's garbage collector does: dependents whose owners are gone are deleted, foreground deletion waits for
 * dependents, orphaning lets them go (Kubernetes docs, "Garbage Collection").
 */
import type { Backend } from './backend.ts';
import { deleteEntry } from './delete.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from './meta.ts';
import type { KubeObject, ObjectMeta, OwnerReference } from './object.ts';
import { type Located, Owners } from './owners.ts';
import { objectKey, storageKey } from './resource.ts';
import type { Change, Collection } from './collection.ts';

const BATCH = 50;

/** Works in the background until the store is no longer used. */
export function collectGarbage(backend: Backend): void {
  const collector = new GarbageCollector(backend);
  backend.store.on('change', (collection, change) => collector.follow(collection, change));
}

type Work = () => void;

class GarbageCollector {
  readonly #backend: Backend;
  readonly #owners: Owners;
  readonly #queue: Work[] = [];
  #scheduled = false;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#owners = new Owners(backend.store);
  }

  follow(collection: Collection, change: Change): void {
    if (change.kind === 'delete') this.#followDelete(change.after.object);
    else this.#followSet(collection, change);
  }

  #followDelete({ metadata }: KubeObject): void {
    const { uid = '', ownerReferences = [] } = metadata;
    for (const dependent of this.#owners.dependentsOf(uid)) {
      this.#add(() => this.#settle(dependent.collection, dependent.entry.key));
    }
    for (const reference of ownerReferences) this.#add(() => this.#releaseForeground(reference));
  }

  #followSet(collection: Collection, { before, after }: Change): void {
    const { ownerReferences = [], finalizers = [], deletionTimestamp } = after.object.metadata;
    const had = before?.object.metadata.ownerReferences ?? [];
    if (ownerReferences.length > had.length) this.#add(() => this.#settle(collection, after.key));
    if (deletionTimestamp === undefined) return;
    if (finalizers.includes(ORPHAN_FINALIZER)) this.#add(() => this.#orphan(collection, after.key));
    if (finalizers.includes(FOREGROUND_FINALIZER)) this.#add(() => this.#deleteDependents(collection, after.key));
  }

  #add(work: Work): void {
    this.#queue.push(work);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#run());
  }

  /** A little at a time: requests get their turn. */
  #run(): void {
    for (const work of this.#queue.splice(0, BATCH)) work();
    this.#scheduled = this.#queue.length > 0;
    if (this.#scheduled) setImmediate(() => this.#run());
  }

  /** Deletes an object all of whose owners are gone; forgets the owners that are gone when others remain. */
  #settle(collection: Collection, key: string): void {
    const entry = collection.get(key);
    const references = entry?.object.metadata.ownerReferences ?? [];
    if (entry === undefined || references.length === 0) return;
    const { namespace = '' } = entry.object.metadata;
    const alive = references.filter((reference) => this.#isAlive(reference, namespace));
    if (alive.length === references.length) return;
    if (alive.length > 0) this.#rewrite(collection, entry.object, { ownerReferences: alive });
    else this.#delete({ collection, entry });
  }

  /** A kind that is not served cannot be looked up: its objects count as alive. */
  #isAlive(reference: OwnerReference, namespace: string): boolean {
    const owner = this.#find(reference, namespace);
    return owner === 'unknown kind' || owner?.entry.object.metadata.uid === reference.uid;
  }

  #find({ apiVersion, kind, name }: OwnerReference, namespace: string): Located | 'unknown kind' | undefined {
    const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
    const served = this.#backend.registry.findKind(group, kind);
    if (served === undefined) return 'unknown kind';
    const collection = this.#backend.store.collection(storageKey(served.type));
    const entry = collection.get(objectKey(served.type.namespaced ? namespace : '', name));
    return entry === undefined ? undefined : { collection, entry };
  }

  #delete({ collection, entry }: Located): void {
    const served = this.#backend.registry.findStorage(collection.storageKey);
    if (served === undefined) return;
    deleteEntry(this.#backend, served.type, entry, { dryRun: false, propagationPolicy: 'Background' });
  }

  #deleteDependents(collection: Collection, key: string): void {
    const entry = collection.get(key);
    if (entry === undefined) return;
    const waiting = this.#owners.dependentsOf(entry.object.metadata.uid ?? '');
    for (const dependent of waiting) this.#delete(dependent);
    this.#finishForeground({ collection, entry });
  }

  #releaseForeground(reference: OwnerReference): void {
    const owner = this.#owners.dependentsOf(reference.uid).length === 0 ? this.#locate(reference) : undefined;
    if (owner !== undefined) this.#finishForeground(owner);
  }

  /** Owners are looked for in every namespace: the reference alone does not say which. */
  #locate(reference: OwnerReference): Located | undefined {
    const group = reference.apiVersion.includes('/') ? (reference.apiVersion.split('/')[0] ?? '') : '';
    const served = this.#backend.registry.findKind(group, reference.kind);
    if (served === undefined) return undefined;
    const collection = this.#backend.store.collection(storageKey(served.type));
    const entry = collection.all().find(({ object }) => object.metadata.uid === reference.uid);
    return entry === undefined ? undefined : { collection, entry };
  }

  #finishForeground({ collection, entry }: Located): void {
    const { uid = '', finalizers = [], deletionTimestamp } = entry.object.metadata;
    if (deletionTimestamp === undefined || !finalizers.includes(FOREGROUND_FINALIZER)) return;
    const blocking = this.#owners.dependentsOf(uid).filter(({ entry: dependent }) => blocks(dependent.object, uid));
    if (blocking.length === 0) this.#release(collection, entry.key, FOREGROUND_FINALIZER);
  }

  #orphan(collection: Collection, key: string): void {
    const entry = collection.get(key);
    if (entry === undefined) return;
    const { uid = '' } = entry.object.metadata;
    for (const dependent of this.#owners.dependentsOf(uid)) {
      const kept = (dependent.entry.object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
      this.#rewrite(dependent.collection, dependent.entry.object, { ownerReferences: kept });
    }
    this.#release(collection, key, ORPHAN_FINALIZER);
  }

  /** Takes a finalizer away; the last one takes the object with it. */
  #release(collection: Collection, key: string, finalizer: string): void {
    const object = collection.get(key)?.object;
    if (object === undefined) return;
    const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
    if (finalizers.length > 0) this.#rewrite(collection, object, { finalizers });
    else this.#backend.store.remove(collection, withMeta(object, { finalizers }));
  }

  #rewrite(collection: Collection, object: KubeObject, change: Partial<ObjectMeta>): void {
    this.#backend.store.set(collection, withMeta(object, change));
  }
}

const blocks = (dependent: KubeObject, uid: string): boolean =>
  (dependent.metadata.ownerReferences ?? []).some(
    (reference) => reference.uid === uid && reference.blockOwnerDeletion === true,
  );

/** With some fields of the metadata replaced; empty lists are left out. */
function withMeta(object: KubeObject, change: Partial<ObjectMeta>): KubeObject {
  const merged = Object.entries({ ...object.metadata, ...change });
  const kept = merged.filter(([, value]) => !(Array.isArray(value) && value.length === 0));
  return { ...object, metadata: Object.fromEntries(kept) as ObjectMeta };
}
