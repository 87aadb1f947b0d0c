/** Server-side apply: a client says which fields it wants; what it no longer wants and nobody else has goes, what others have is a conflict. */
import { parseYamlText } from './body.ts';
import { complete as applyDefaults, decodeApplied } from './decode.ts';
import { difference, type FieldSet, intersection, NO_FIELDS, pathTexts, union, withParents } from './field-set.ts';
import { fieldsOf, mergeFields, removeFields, withoutTopLevel } from './field-walk.ts';
import { equalJson, isObject, type Json, type JsonObject, omit } from './json.ts';
import {
  compareObjects,
  isSameWriter,
  ownable,
  readShares,
  type Share,
  shareUpdate,
  withoutRoot,
  type Writer,
  writeShares,
} from './managed-fields.ts';
import type { KubeObject, ObjectMeta } from './object.ts';
import type { WriteRequest } from './request.ts';
import { apiVersionOf, objectKey } from './resource.ts';
import { ApiError, badRequest, type Cause, notFound } from './status.ts';
import type { Entry } from './collection.ts';
import { resetFields, writerOf, written } from './track.ts';
import { collectionOf, createObject, matchPath, updateObject } from './write.ts';

export interface Applied {
  readonly created: boolean;
  readonly entry: Entry;
}

/** Applies a configuration in YAML or JSON. Throws ApiError: 400, 409 with the conflicts, 422. */
export function apply(request: WriteRequest, text: string): Applied {
  const config = readConfig(request, text);
  const stored = collectionOf(request).get(objectKey(request.path.namespace, request.path.name));
  if (stored !== undefined) {
    const entry = updateObject(
      request,
      (old) => applyTo(request, old, config),
      () => undefined,
    );
    return { created: false, entry };
  }
  if (request.path.subresource !== '') throw notFound(request.type, request.path.name);
  const object = applyTo(request, undefined, config);
  return { created: true, entry: createObject(request, object, () => undefined) };
}

function readConfig(request: WriteRequest, text: string): KubeObject {
  const document = parseYamlText(text, 'error decoding YAML: ');
  if (!isObject(document)) throw badRequest('error decoding YAML: the configuration must be an object');
  const config = decodeApplied(request, document);
  matchPath(request, config);
  if (config.metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
  return config;
}

function applyTo(request: WriteRequest, live: KubeObject | undefined, config: KubeObject): KubeObject {
  const schema = request.served.ownedSchema;
  const writer = writerOf(request, 'Apply');
  const shares = live === undefined ? [] : sharesBefore(request, live, writer);
  const others = shares.filter((share) => !isSameWriter(share, writer));
  const last = shares.find((share) => isSameWriter(share, writer));
  const wanted = withoutTopLevel(withoutRoot(fieldsOf(ownable(config), schema)), resetFields(request));
  const mine: Share = { ...writer, fields: wanted };
  const merged = mergeFields(live === undefined ? undefined : withoutManagers(live), config, schema);
  const gone = droppedFields(last?.fields ?? NO_FIELDS, [...others, mine]);
  const result = complete(request, removeFields(merged, gone, schema), live, config);
  const comparison = written(request, compareObjects(live ?? request.type.emptyObject, result, schema));
  if (!request.options.force) refuseConflicts(others, comparison.changed);
  applyDefaults(request.type, result);
  const left = shareUpdate(others, writer, comparison).filter((share) => !isSameWriter(share, writer));
  rememberConfig(request, result, config);
  // Who applies what is there already has changed nothing, so far at no time.
  const unchanged = live !== undefined && equalJson(withoutManagers(live), result);
  const time = unchanged ? (last?.time ?? '') : writer.time;
  result.metadata = { ...result.metadata, managedFields: writeShares([...left, { ...mine, time }]) };
  return result;
}

/** Of an object that nobody has followed so far, everything is its earlier writers' together. */
function sharesBefore(request: WriteRequest, live: KubeObject, { time }: Writer): Share[] {
  if (live.metadata.managedFields !== undefined) return readShares(live.metadata.managedFields);
  const comparison = written(request, compareObjects(request.type.emptyObject, live, request.served.ownedSchema));
  const earlier = { ...writerOf(request, 'Update'), manager: 'before-first-apply', subresource: '', time };
  return shareUpdate([], earlier, comparison);
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** kubectl's note of what it applied last is kept right where there is one: `kubectl apply` without `--server-side` still works. */
function rememberConfig({ options }: WriteRequest, object: KubeObject, config: KubeObject): void {
  const { annotations } = object.metadata;
  if (options.fieldManager !== 'kubectl' || annotations?.[LAST_APPLIED] === undefined) return;
  const kept = omit(config.metadata, ['managedFields']);
  const note = {
    ...config,
    metadata: { ...kept, annotations: omit(config.metadata.annotations ?? {}, [LAST_APPLIED]) },
  };
  object.metadata = {
    ...object.metadata,
    annotations: { ...annotations, [LAST_APPLIED]: `${JSON.stringify(note)}\n` },
  };
}

const withoutManagers = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: omit(object.metadata, ['managedFields']) as ObjectMeta,
});

/** What the writer had and leaves out now, unless somebody else has it. */
function droppedFields(last: FieldSet, shares: readonly Share[]): FieldSet {
  const held = shares.reduce((all, share) => union(all, share.fields), NO_FIELDS);
  return difference(withParents(last), withParents(held));
}

/** Identity comes from the path and the stored object, whatever was merged. */
function complete(
  request: WriteRequest,
  merged: Json | undefined,
  live: KubeObject | undefined,
  config: KubeObject,
): KubeObject {
  const { path, type } = request;
  const object: JsonObject = isObject(merged) ? merged : {};
  const metadata: ObjectMeta = { ...(isObject(object['metadata']) ? object['metadata'] : {}), name: path.name };
  if (path.namespace !== '') metadata.namespace = path.namespace;
  const asked = config.metadata.resourceVersion;
  const version = asked ?? live?.metadata.resourceVersion;
  if (version !== undefined) metadata.resourceVersion = version;
  return { ...object, apiVersion: apiVersionOf(type), kind: type.kind, metadata };
}

interface Conflict {
  readonly writer: string;
  readonly path: string;
}

function refuseConflicts(others: readonly Share[], changed: FieldSet): void {
  const conflicts = others.flatMap((share) =>
    pathTexts(intersection(share.fields, changed)).map((path): Conflict => ({ writer: writerText(share), path })),
  );
  if (conflicts.length === 0) return;
  const causes = conflicts.map(({ writer, path }): Cause => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${writer}`,
    field: path,
  }));
  throw new ApiError(409, 'Conflict', conflictText(conflicts), { causes });
}

function writerText({ manager, subresource, operation, apiVersion }: Writer): string {
  const name = JSON.stringify(manager) + (subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`);
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}

function conflictText(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${first.writer}: ${first.path}`;
  }
  const writers = [...new Set(conflicts.map(({ writer }) => writer))].sort();
  const lines = writers.flatMap((writer) => [
    `conflicts with ${writer}:`,
    ...conflicts.filter((conflict) => conflict.writer === writer).map(({ path }) => `- ${path}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}
