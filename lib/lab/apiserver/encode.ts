/** Entries as JSON text: made once per state, shared by every list and watch that carries it. */
import type { KubeObject } from './object.ts';
import { apiVersionOf, type ResourceType } from './resource.ts';
import type { Entry } from './collection.ts';

/** kind and apiVersion come first, so that list items can leave them out. */
function head(type: ResourceType): string {
  return `{"kind":${JSON.stringify(type.kind)},"apiVersion":${JSON.stringify(apiVersionOf(type))}`;
}

const body = (object: KubeObject): string => {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return JSON.stringify(rest).slice(1);
};

/** Everything but kind and apiVersion, without the opening brace. */
export const encodedBody = (entry: Entry): string => (entry.json ??= body(entry.object));

export const encodeEntry = (type: ResourceType, entry: Entry): string => `${head(type)},${encodedBody(entry)}`;
export const encodeObject = (type: ResourceType, object: KubeObject): string => `${head(type)},${body(object)}`;

/** Lists of core kinds leave out the kind of each item, lists of custom resources do not. */
export const encodeItem = (type: ResourceType, entry: Entry): string =>
  type.custom ? encodeEntry(type, entry) : `{${encodedBody(entry)}`;
