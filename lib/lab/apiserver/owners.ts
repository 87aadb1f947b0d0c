/** Which stored objects name which owner, by the owner's uid. */
import type { KubeObject } from './object.ts';
import type { Change, Collection, Entry } from './collection.ts';
import type { Store } from './store.ts';

export interface Located {
  readonly collection: Collection;
  readonly entry: Entry;
}

const ownerUids = (object: KubeObject | undefined): string[] =>
  (object?.metadata.ownerReferences ?? []).map((reference) => reference.uid);

export class Owners {
  /** Owner's uid to the places of its dependents: resource, then keys. */
  readonly #dependents = new Map<string, Map<Collection, Set<string>>>();

  /** Reads what is stored and follows what changes. */
  constructor(store: Store) {
    for (const collection of store.collections()) {
      for (const { key, object } of collection.all()) this.#add(collection, key, ownerUids(object));
    }
    store.on('change', (collection, change) => this.#follow(collection, change));
  }

  dependentsOf(uid: string): Located[] {
    const places = [...(this.#dependents.get(uid) ?? [])];
    return places.flatMap(([collection, keys]) =>
      [...keys].flatMap((key) => {
        const entry = collection.get(key);
        return entry === undefined ? [] : [{ collection, entry }];
      }),
    );
  }

  #follow(collection: Collection, { kind, before, after }: Change): void {
    const old = ownerUids(before?.object);
    const now = kind === 'delete' ? [] : ownerUids(after.object);
    if (old.length === 0 && now.length === 0) return;
    this.#drop(collection, after.key, old);
    this.#add(collection, after.key, now);
  }

  #add(collection: Collection, key: string, uids: readonly string[]): void {
    for (const uid of uids) {
      const places = this.#dependents.get(uid) ?? new Map<Collection, Set<string>>();
      this.#dependents.set(uid, places);
      places.set(collection, (places.get(collection) ?? new Set<string>()).add(key));
    }
  }

  #drop(collection: Collection, key: string, uids: readonly string[]): void {
    for (const uid of uids) {
      const places = this.#dependents.get(uid);
      const keys = places?.get(collection);
      keys?.delete(key);
      if (keys?.size === 0) places?.delete(collection);
      if (places?.size === 0) this.#dependents.delete(uid);
    }
  }
}
