/** The objects of one resource: by key, in key order, and with their recent changes. */
import { EventEmitter } from 'node:events';
import type { KubeObject } from './object.ts';

/** One state of one object. Never changed after it is stored; its JSON is made once. */
export interface Entry {
  /** `name` or `namespace/name`. */
  readonly key: string;
  readonly object: KubeObject;
  readonly version: number;
  json?: string;
}

/** A change: `before` is absent for a new object, `after` is the last state when it was deleted. */
export interface Change {
  readonly kind: 'set' | 'delete';
  readonly version: number;
  readonly before: Entry | undefined;
  readonly after: Entry;
}

/** Emits `change` synchronously, in version order. The store alone changes it. */
export class Collection extends EventEmitter<{ change: [Change] }> {
  readonly storageKey: string;
  /** Changes after the compacted version, oldest first. */
  history: Change[] = [];
  readonly #byKey = new Map<string, Entry>();
  /** In byte order of the keys: the order of lists and of continue tokens. */
  #sorted: Entry[] = [];

  constructor(storageKey: string) {
    super();
    this.setMaxListeners(0);
    this.storageKey = storageKey;
  }

  get(key: string): Entry | undefined {
    return this.#byKey.get(key);
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** In order, as they are now: later changes do not show. */
  all(): Entry[] {
    return this.#sorted.slice();
  }

  /** Those whose keys start with `prefix` and are not before `from`, as they are now. */
  range(prefix: string, from: string): Entry[] {
    const start = this.#lowerBound(from > prefix ? from : prefix);
    const end = prefix === '' ? this.#sorted.length : this.#lowerBound(afterPrefix(prefix));
    return this.#sorted.slice(start, end);
  }

  put(entry: Entry): void {
    const index = this.#lowerBound(entry.key);
    this.#sorted.splice(index, this.#byKey.has(entry.key) ? 1 : 0, entry);
    this.#byKey.set(entry.key, entry);
  }

  delete(key: string): void {
    if (this.#byKey.delete(key)) this.#sorted.splice(this.#lowerBound(key), 1);
  }

  /** Replaces everything at once, in any order. */
  fill(entries: readonly Entry[]): void {
    this.#byKey.clear();
    for (const entry of entries) this.#byKey.set(entry.key, entry);
    this.#sorted = [...this.#byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Index of the first entry that is not before `key`. */
  #lowerBound(key: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle]?.key ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The first text after everything that starts with a prefix: its last character is raised by one. */
const afterPrefix = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
