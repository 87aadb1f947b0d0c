/** Objects as tables (meta.k8s.io/v1 Table): what kubectl prints. */
import type { JsonObject } from './json.ts';
import type { ApiRequest } from './request.ts';
import { apiVersionOf, type ResourceType } from './resource.ts';
import type { Entry } from './collection.ts';
import { badRequest } from './status.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? '';
  if (value === '') return 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: ` +
      `must be 'Metadata', 'Object', 'None', or empty`,
  );
}

const definitions = (type: ResourceType): JsonObject[] =>
  type.columns.map((column) => ({
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description,
    priority: column.priority,
  }));

/** `headers` are left out of all but the first event of a watch. */
export interface TableOptions {
  readonly include: IncludeObject;
  readonly headers: boolean;
  readonly now: number;
}

export function tableOf(
  type: ResourceType,
  entries: readonly Entry[],
  metadata: JsonObject,
  options: TableOptions,
): JsonObject {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: options.headers ? definitions(type) : null,
    rows: entries.map((entry) => rowOf(type, entry, options)),
  };
}

function rowOf(type: ResourceType, entry: Entry, { include, now }: TableOptions): JsonObject {
  const cells = type.columns.map((column) => column.cell(entry.object, now));
  switch (include) {
    case 'None':
      return { cells, object: null };
    case 'Metadata':
      return { cells, object: partialOf(entry) };
    case 'Object':
      return { cells, object: entry.object };
  }
}

/** meta.k8s.io/v1 PartialObjectMetadata. */
export const partialMetadata = (metadata: JsonObject): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
});
export const partialOf = ({ object }: Entry): JsonObject => partialMetadata(object.metadata);

/** A bookmark is an object without anything but its metadata, and shown like one. */
export function bookmarkTable(type: ResourceType, metadata: JsonObject, options: TableOptions): JsonObject {
  const nothing = { apiVersion: apiVersionOf(type), kind: type.kind, metadata: { name: '' } };
  const { cells = [] } = rowOf(type, { key: '', version: 0, object: nothing }, options);
  const shown = { None: null, Metadata: partialMetadata(metadata), Object: { ...nothing, metadata } };
  const { resourceVersion = '' } = metadata;
  return { ...tableOf(type, [], { resourceVersion }, options), rows: [{ cells, object: shown[options.include] }] };
}

export const oneRow = (request: ApiRequest, entry: Entry): JsonObject =>
  tableOf(
    request.type,
    [entry],
    { resourceVersion: entry.object.metadata.resourceVersion ?? '' },
    {
      include: includeObjectOf(request.query),
      headers: true,
      now: request.backend.now(),
    },
  );
