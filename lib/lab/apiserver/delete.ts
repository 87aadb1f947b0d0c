/** Deleting: preconditions, graceful deletion, finalizers, and the finalizers by which the garbage collector is asked for its part. */
import { type Backend, timestamp } from './backend.ts';
import type { DeleteOptions, Propagation } from './delete-options.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from './meta.ts';
import type { KubeObject, ObjectMeta } from './object.ts';
import { type ResourceType, storageKey } from './resource.ts';
import { conflict, forbidden } from './status.ts';
import type { Entry } from './collection.ts';

export interface Deleted {
  /** The object is gone; otherwise it waits for its finalizers or its grace period. */
  readonly gone: boolean;
  readonly entry: Entry;
}

/** Deletes, or marks as being deleted. Throws 409 when a precondition does not hold. */
export function deleteEntry(backend: Backend, type: ResourceType, entry: Entry, options: DeleteOptions): Deleted {
  const why = type.strategy.refuseDelete?.(entry.object);
  if (why !== undefined) throw forbidden(type, entry.object.metadata.name, why);
  checkPreconditions(type, entry.object, options);
  const begun = type.strategy.beginDelete?.(entry.object, timestamp(backend.now()));
  if (begun !== undefined) return { gone: false, entry: storeMarked(backend, type, entry, begun, options) };
  const marked = markDeleted(backend, type, entry.object, options);
  const { deletionGracePeriodSeconds = 0, finalizers = [] } = marked.metadata;
  const gone = deletionGracePeriodSeconds === 0 && finalizers.length === 0;
  if (!gone) return { gone, entry: storeMarked(backend, type, entry, marked, options) };
  // Kinds that can be deleted gracefully show their deletion even when it is immediate.
  const last = type.strategy.gracePeriod === undefined ? entry.object : marked;
  if (options.dryRun) return { gone, entry: { key: entry.key, object: last, version: entry.version } };
  return { gone, entry: backend.store.remove(backend.store.collection(storageKey(type)), last) };
}

function storeMarked(
  backend: Backend,
  type: ResourceType,
  entry: Entry,
  marked: KubeObject,
  { dryRun }: DeleteOptions,
): Entry {
  if (dryRun) return { key: entry.key, object: marked, version: entry.version };
  return sameDeletion(entry.object, marked)
    ? entry
    : backend.store.set(backend.store.collection(storageKey(type)), marked);
}

function checkPreconditions(type: ResourceType, { metadata }: KubeObject, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions ?? {};
  const kind = { group: type.group, plural: type.kind };
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid ?? ''}). The object might have been deleted and then recreated`;
    throw conflict(kind, metadata.name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion ?? ''}). The object might have been modified`;
    throw conflict(kind, metadata.name, why);
  }
}

/** The object with its deletion written into its metadata. */
function markDeleted(backend: Backend, type: ResourceType, object: KubeObject, options: DeleteOptions): KubeObject {
  const grace = graceOf(type, object, options);
  const first = object.metadata.deletionTimestamp === undefined;
  const metadata: ObjectMeta = {
    ...object.metadata,
    deletionTimestamp: deletionTime(backend.now(), object.metadata, grace),
    deletionGracePeriodSeconds: grace,
  };
  if (first && metadata.generation !== undefined) metadata.generation += 1;
  const finalizers = deletionFinalizers(object.metadata.finalizers ?? [], options.propagationPolicy);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  return { ...object, metadata };
}

/** A pending grace period can only be shortened. */
function graceOf(type: ResourceType, object: KubeObject, { gracePeriodSeconds }: DeleteOptions): number {
  const requested = gracePeriodSeconds !== undefined && gracePeriodSeconds < 0 ? 1 : gracePeriodSeconds;
  const { deletionTimestamp, deletionGracePeriodSeconds: pending = 0 } = object.metadata;
  if (deletionTimestamp !== undefined) return Math.min(pending, requested ?? pending);
  return type.strategy.gracePeriod?.(object, requested) ?? 0;
}

function deletionTime(
  now: number,
  { deletionTimestamp, deletionGracePeriodSeconds = 0 }: ObjectMeta,
  grace: number,
): string {
  if (deletionTimestamp === undefined) return timestamp(now + grace * 1000);
  const asked = Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return grace === deletionGracePeriodSeconds ? deletionTimestamp : timestamp(Math.max(now, asked + grace * 1000));
}

function deletionFinalizers(finalizers: readonly string[], policy: Propagation | undefined): string[] {
  if (policy === undefined) return [...finalizers];
  const others = finalizers.filter((name) => name !== FOREGROUND_FINALIZER && name !== ORPHAN_FINALIZER);
  if (policy === 'Foreground') return [...others, FOREGROUND_FINALIZER];
  return policy === 'Orphan' ? [...others, ORPHAN_FINALIZER] : others;
}

/** A second delete of what waits already writes nothing. */
const sameDeletion = (old: KubeObject, marked: KubeObject): boolean =>
  old.metadata.deletionTimestamp === marked.metadata.deletionTimestamp &&
  old.metadata.deletionGracePeriodSeconds === marked.metadata.deletionGracePeriodSeconds &&
  (old.metadata.finalizers ?? []).join() === (marked.metadata.finalizers ?? []).join();
