/** All objects in memory, with one counter of versions and the recent history for watches. */
import { EventEmitter } from 'node:events';
import { type Change, Collection, type Entry } from './collection.ts';
import type { KubeObject } from './object.ts';
import { keyOf } from './resource.ts';

export interface StoreOptions {
  /** Changes kept per resource for watches that resume; older versions are compacted. */
  readonly historySize?: number;
}

const HISTORY_SIZE = 10_000;

/** Emits `change` (collection, change) for every resource, after the resource itself. */
export class Store extends EventEmitter<{ change: [Collection, Change] }> {
  readonly #collections = new Map<string, Collection>();
  readonly #historySize: number;
  #version = 1;
  /** Versions up to this one cannot be watched from or listed at, per resource. */
  readonly #compacted = new Map<Collection, number>();
  #compactedAll = 0;

  constructor(options: StoreOptions = {}) {
    super();
    this.#historySize = options.historySize ?? HISTORY_SIZE;
  }

  get version(): number {
    return this.#version;
  }

  collection(storageKey: string): Collection {
    const existing = this.#collections.get(storageKey);
    if (existing !== undefined) return existing;
    const created = new Collection(storageKey);
    this.#collections.set(storageKey, created);
    return created;
  }

  collections(): Iterable<Collection> {
    return this.#collections.values();
  }

  /** Stores a state under the next version, which it writes into the object's metadata. */
  set(collection: Collection, object: KubeObject): Entry {
    const key = keyOf(object);
    const before = collection.get(key);
    const after = this.#next(key, object);
    collection.put(after);
    this.#record(collection, { kind: 'set', version: after.version, before, after });
    return after;
  }

  /** Removes an object; the change carries `last` under the version of the removal. */
  remove(collection: Collection, last: KubeObject): Entry {
    const key = keyOf(last);
    const before = collection.get(key);
    const after = this.#next(key, last);
    collection.delete(key);
    this.#record(collection, { kind: 'delete', version: after.version, before, after });
    return after;
  }

  /** The oldest version that can still be resumed from. */
  compactedVersion(collection: Collection): number {
    return Math.max(this.#compactedAll, this.#compacted.get(collection) ?? 0);
  }

  /** A resource that is served from now on knows nothing of before. */
  begin(collection: Collection): void {
    this.#compacted.set(collection, this.#version);
  }

  /** Forgets all history: every version before the current one is expired. */
  compact(): void {
    this.#version += 1;
    this.#compactedAll = this.#version;
    for (const collection of this.#collections.values()) collection.history = [];
  }

  /** Puts objects of a snapshot in place; their history is gone, so versions before are expired. */
  restore(version: number, resources: Iterable<readonly [string, readonly KubeObject[]]>): void {
    for (const [storageKey, objects] of resources) {
      const entries = objects.map((object) => ({
        key: keyOf(object),
        object,
        version: Number(object.metadata.resourceVersion),
      }));
      this.collection(storageKey).fill(entries);
    }
    this.#version = Math.max(this.#version, version) + 1;
    this.#compactedAll = this.#version;
  }

  #next(key: string, object: KubeObject): Entry {
    this.#version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
    return { key, object: { ...object, metadata }, version: this.#version };
  }

  #record(collection: Collection, change: Change): void {
    collection.history.push(change);
    if (collection.history.length > 2 * this.#historySize) {
      const dropped = collection.history.splice(0, collection.history.length - this.#historySize);
      this.#compacted.set(collection, dropped.at(-1)?.version ?? 0);
    }
    collection.emit('change', change);
    this.emit('change', collection, change);
  }
}
