/** Columns for `kubectl get`: Name first, then what a CRD's additionalPrinterColumns ask for. */
import { age } from './age.ts';
import type { Json } from './json.ts';
import { parseJsonPath } from './json-path.ts';
import type { KubeObject } from './object.ts';
import type { Column } from './resource.ts';

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly description?: string | undefined;
  readonly format?: string | undefined;
  readonly priority?: number | undefined;
}

const NAME_TEXT =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names';
const AGE_TEXT =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata';

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: NAME_TEXT,
  priority: 0,
  cell: (object) => object.metadata.name,
};
export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: AGE_TEXT,
  priority: 0,
  cell: (object, now) => age(object.metadata.creationTimestamp, now),
};

/** A column of a core kind. */
export const column = (name: string, cell: (object: KubeObject, now: number) => Json, priority = 0): Column => ({
  name,
  type: 'string',
  description: '',
  priority,
  cell,
});

/** The columns of a custom resource; without any, the real server shows the age. */
export function customColumns(columns: readonly PrinterColumn[] | undefined): Column[] {
  if (columns === undefined || columns.length === 0) return [nameColumn, { ...ageColumn, type: 'date' }];
  return [nameColumn, ...columns.map(customColumn)];
}

function customColumn({ name, type, jsonPath, description, format, priority }: PrinterColumn): Column {
  const read = parseJsonPath(jsonPath);
  return {
    name,
    type,
    ...(format === undefined ? {} : { format }),
    description: description ?? `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    priority: priority ?? 0,
    cell: (object, now) => cellOf(type, read(object), now),
  };
}

/** As k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor does: what has the wrong type shows as empty. */
function cellOf(type: string, found: readonly Json[], now: number): Json {
  const [value] = found;
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? dateCell(value, now) : null;
    default:
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}

const dateCell = (text: string, now: number): string => (Number.isNaN(Date.parse(text)) ? '<invalid>' : age(text, now));
