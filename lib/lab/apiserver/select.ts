/** Which objects a list, a watch or a deletecollection is about. */
import type { Collection, Entry } from './collection.ts';
import type { ApiRequest } from './request.ts';
import { objectKey } from './resource.ts';
import { parseFieldSelector } from './selector-field.ts';
import { parseLabelSelector } from './selector-label.ts';

export interface Selection {
  /** Every selected key starts with it. */
  readonly prefix: string;
  /** The only key that can be selected, when the name is given. */
  readonly key: string | undefined;
  /** No test but the prefix: what is in range is selected. */
  readonly everything: boolean;
  matches(entry: Entry): boolean;
}

/** Throws 400 for selectors that do not parse or are not supported. */
export function selectionOf({ type, path, query }: ApiRequest): Selection {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(type, query.get('fieldSelector') ?? '');
  const prefix = path.namespace === '' ? '' : `${path.namespace}/`;
  const name = path.name === '' ? fields?.name : path.name;
  const inOnePlace = !type.namespaced || path.namespace !== '';
  const key = name !== undefined && inOnePlace ? objectKey(path.namespace, name) : undefined;
  return {
    prefix,
    key,
    everything: labels === undefined && fields === undefined && path.name === '',
    matches: (entry) =>
      entry.key.startsWith(prefix) &&
      (key === undefined || entry.key === key) &&
      labels?.(entry.object.metadata.labels) !== false &&
      fields?.matches(entry.object) !== false,
  };
}

/** The entries in range, in order, beginning at the key `from`; each is still to be tested by `matches`. */
export function entriesInRange(collection: Collection, { prefix, key }: Selection, from: string): Entry[] {
  if (key === undefined) return collection.range(prefix, from);
  const entry = collection.get(key);
  return entry === undefined || key < from ? [] : [entry];
}
