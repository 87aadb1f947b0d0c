/** CustomResourceDefinitions (apiextensions.k8s.io/v1): read, checked, and turned into resource types. */
import * as z from 'zod';
import { compileRules } from './cel-rules.ts';
import { type PrinterColumn, customColumns } from './columns.ts';
import { equalJson, type Json, type JsonObject, omit } from './json.ts';
import { parseJsonPath } from './json-path.ts';
import { dnsSubdomain } from './names.ts';
import type { KubeObject } from './object.ts';
import type { ResourceType, Strategy, Verb } from './resource.ts';
import { type Schema, schemaParser } from './schema.ts';
import { compileSchema } from './schema-validate.ts';

const printerColumn: z.ZodType<PrinterColumn> = z.strictObject({
  name: z.string(),
  type: z.enum(['string', 'integer', 'number', 'boolean', 'date']),
  jsonPath: z.string(),
  description: z.string().optional(),
  format: z.string().optional(),
  priority: z.number().int().optional(),
});

const version = z.strictObject({
  name: z.string(),
  served: z.boolean(),
  storage: z.boolean(),
  deprecated: z.boolean().optional(),
  deprecationWarning: z.string().optional(),
  schema: z.strictObject({ openAPIV3Schema: schemaParser }),
  subresources: z.strictObject({ status: z.strictObject({}).optional() }).optional(),
  additionalPrinterColumns: z.array(printerColumn).optional(),
  selectableFields: z.array(z.strictObject({ jsonPath: z.string() })).optional(),
});

const specParser = z.strictObject({
  group: z.string(),
  scope: z.enum(['Cluster', 'Namespaced']),
  names: z.strictObject({
    kind: z.string(),
    plural: z.string(),
    singular: z.string().optional(),
    listKind: z.string().optional(),
    shortNames: z.array(z.string()).optional(),
    categories: z.array(z.string()).optional(),
  }),
  versions: z.array(version).min(1),
  conversion: z.strictObject({ strategy: z.literal('None') }).optional(),
  preserveUnknownFields: z.literal(false).optional(),
});
export type CrdSpec = z.infer<typeof specParser>;
type CrdVersion = CrdSpec['versions'][number];

export type CrdParse = { ok: true; types: ResourceType[]; spec: CrdSpec } | { ok: false; error: string };

/** Reads a CRD's spec; the error names the field. Only served versions become types. */
export function parseCrd(crd: JsonObject): CrdParse {
  const parsed = specParser.safeParse(crd['spec']);
  if (!parsed.success) return { ok: false, error: parsed.error.issues.map(issueText).join('; ') };
  const spec = parsed.data;
  const storage = spec.versions.find((candidate) => candidate.storage);
  if (storage === undefined) return { ok: false, error: 'spec.versions: one version must have storage: true' };
  try {
    const served = spec.versions.filter((candidate) => candidate.served);
    const types = served.map((candidate) => typeOf(spec, candidate, storage.name));
    for (const { schema } of types) checkCompiles(schema);
    return { ok: true, spec, types };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

/** Throws for patterns and rules that cannot be run. */
function checkCompiles(schema: Schema): void {
  compileSchema(schema);
  compileRules(schema);
}

/** In the order in which discovery has them. */
const VERBS: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

const issueText = (issue: z.core.$ZodIssue): string => `spec.${issue.path.map(String).join('.')}: ${issue.message}`;

function typeOf(spec: CrdSpec, from: CrdVersion, storageVersion: string): ResourceType {
  const { names } = spec;
  const hasStatus = from.subresources?.status !== undefined;
  return {
    group: spec.group,
    version: from.name,
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: spec.scope === 'Namespaced',
    verbs: VERBS,
    hasStatus,
    storageVersion,
    schema: from.schema.openAPIV3Schema,
    emptyObject: {},
    columns: customColumns(from.additionalPrinterColumns),
    selectable: selectableOf(from),
    custom: true,
    countsGeneration: true,
    unconditionalUpdate: false,
    createOnUpdate: false,
    returnsDeleted: false,
    nameRule: dnsSubdomain,
    strategy: hasStatus ? WITH_STATUS : WITHOUT_STATUS,
  };
}

function selectableOf(from: CrdVersion): ResourceType['selectable'] {
  const entries = (from.selectableFields ?? []).map(({ jsonPath }) => {
    const read = parseJsonPath(jsonPath);
    return [jsonPath.replace(/^\./, ''), (object: KubeObject) => textOf(read(object)[0])] as const;
  });
  return Object.fromEntries(entries);
}

/** A value as a field selector writes it. */
const textOf = (value: Json | undefined): string => {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** With a status subresource, each endpoint leaves the other's half alone. */
const WITH_STATUS: Strategy = {
  prepareCreate(object) {
    delete object['status'];
  },
  prepareUpdate(object, old) {
    if (old['status'] === undefined) delete object['status'];
    else object['status'] = old['status'];
  },
  prepareStatus(object, old) {
    const status = object['status'];
    const { managedFields } = object.metadata;
    for (const key of Object.keys(object)) delete object[key];
    Object.assign(object, old, { metadata: { ...old.metadata } });
    if (managedFields !== undefined) object.metadata.managedFields = managedFields;
    if (status === undefined) delete object['status'];
    else object['status'] = status;
  },
};
const WITHOUT_STATUS: Strategy = { prepareStatus: () => undefined };

/** True when something changed that counts as a new generation: all but metadata, and status where it is a subresource. */
export function changesGeneration(type: ResourceType, object: KubeObject, old: KubeObject): boolean {
  const ignored = ['metadata', 'apiVersion', 'kind', ...(type.hasStatus ? ['status'] : [])];
  return !equalJson(omit(object, ignored), omit(old, ignored));
}
