/** The objects of one informer, by key, and how what arrives differs from them. */
import type { ObjectMeta } from '../api/meta.ts';
import type { Unreadable } from './object.ts';

export interface KubeObject {
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'resourceVersion'>;
}

export type Change<T> =
  | { readonly type: 'added'; readonly object: T; readonly old?: never }
  | { readonly type: 'updated'; readonly object: T; readonly old: T }
  /** The last state that we saw of it. */
  | { readonly type: 'deleted'; readonly object: T; readonly old?: never };

export interface ObjectCache<T> {
  get(name: string, namespace?: string): T | undefined;
  /** The same array until something changes. */
  list(): readonly T[];
  put(object: T): Change<T> | undefined;
  remove(name: string, namespace: string | undefined): Change<T> | undefined;
  /** Becomes exactly `objects`. Deletions come first: a name or address given up may be used by one of the others. */
  replace(objects: readonly T[]): readonly Change<T>[];
}

export const cacheKey = (name: string, namespace: string | undefined): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

export function createCache<T extends KubeObject>(): ObjectCache<T> {
  const objects = new Map<string, T>();
  let listed: readonly T[] | undefined;
  const keyOf = ({ metadata }: T): string => cacheKey(metadata.name, metadata.namespace);

  const put = (object: T): Change<T> | undefined => {
    const old = objects.get(keyOf(object));
    if (old?.metadata.resourceVersion === object.metadata.resourceVersion) return undefined;
    objects.set(keyOf(object), object);
    listed = undefined;
    return old ? { type: 'updated', object, old } : { type: 'added', object };
  };
  const removeKey = (key: string): Change<T> | undefined => {
    const object = objects.get(key);
    if (!object) return undefined;
    objects.delete(key);
    listed = undefined;
    return { type: 'deleted', object };
  };
  return {
    get: (name, namespace) => objects.get(cacheKey(name, namespace)),
    list: () => (listed ??= [...objects.values()]),
    put,
    remove: (name, namespace) => removeKey(cacheKey(name, namespace)),
    replace: (wanted) => {
      const kept = new Set(wanted.map(keyOf));
      const gone = [...objects.keys()].filter((key) => !kept.has(key)).map(removeKey);
      return [...gone, ...wanted.map(put)].filter((change) => change !== undefined);
    },
  };
}

/** Objects that do not parse, each reported once for as long as it stays that way. */
export interface UnreadableSet {
  has(name: string, namespace?: string): boolean;
  list(): readonly Unreadable[];
  add(of: Unreadable): void;
  remove(name: string, namespace: string | undefined): void;
  replace(all: readonly Unreadable[]): void;
}

export function createUnreadableSet(report: (of: Unreadable) => void): UnreadableSet {
  const known = new Map<string, Unreadable>();
  const add = (of: Unreadable): void => {
    const key = cacheKey(of.name, of.namespace);
    if (!known.has(key)) report(of);
    known.set(key, of);
  };
  return {
    has: (name, namespace) => known.has(cacheKey(name, namespace)),
    list: () => [...known.values()],
    add,
    remove: (name, namespace) => known.delete(cacheKey(name, namespace)),
    replace: (all) => {
      const kept = new Set(all.map((of) => cacheKey(of.name, of.namespace)));
      for (const key of known.keys()) if (!kept.has(key)) known.delete(key);
      for (const of of all) add(of);
    },
  };
}
