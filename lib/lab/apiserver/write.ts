/** The rules of creating and updating, for every kind: what the server sets, what a client may not change, when nothing is written. */
import { admit } from './admission/admit.ts';
import { timestamp } from './backend.ts';
import { changesGeneration } from './crd.ts';
import { equalJson, omit } from './json.ts';
import { generateName } from './names.ts';
import type { KubeObject } from './object.ts';
import type { ApiRequest, WriteRequest } from './request.ts';
import { apiVersionOf, keyOf, objectKey, storageKey } from './resource.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  invalid,
  invalidValue,
  notFound,
  staleVersion,
  storageError,
} from './status.ts';
import type { Collection, Entry } from './collection.ts';
import { checkObject } from './validate.ts';
import { versionNumber, versionSyntax } from './version.ts';

const GENERATE_ATTEMPTS = 8;

export const collectionOf = (request: ApiRequest): Collection =>
  request.backend.store.collection(storageKey(request.type));

/** The object as it would be stored, without storing it. */
const pretend = (object: KubeObject): Entry => ({ key: keyOf(object), object, version: 0 });

export function currentEntry(request: ApiRequest, name = request.path.name): Entry {
  const entry = collectionOf(request).get(objectKey(request.path.namespace, name));
  if (entry === undefined) throw notFound(request.type, name);
  return entry;
}

/** Records who owns what in the new state of an object. */
export type Track = (request: WriteRequest, object: KubeObject, old: KubeObject | undefined) => void;

/** Creates from a decoded object. Throws ApiError: 409 when the name is taken, 422 when it is not valid. */
export function createObject(request: WriteRequest, object: KubeObject, track: Track): Entry {
  const { type, backend } = request;
  matchNamespace(request, object);
  refuseSetVersion(object);
  requireNamespace(request);
  track(request, object, undefined);
  type.strategy.prepareCreate?.(object, () => stored(request));
  object.metadata = createdMeta(request, object);
  chooseName(request, object);
  checkObject(request.served, object, undefined, 'main');
  admit({ request, operation: 'CREATE', object, old: undefined, dryRun: request.options.dryRun });
  if (collectionOf(request).has(keyOf(object))) throw alreadyExists(type, object.metadata.name);
  return request.options.dryRun ? pretend(object) : backend.store.set(collectionOf(request), object);
}

function* stored(request: ApiRequest): Generator<KubeObject> {
  for (const { object } of collectionOf(request).all()) yield object;
}

/** The real server answers 500 here: its storage layer refuses. */
function refuseSetVersion(object: KubeObject): void {
  const { resourceVersion } = object.metadata;
  if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== '0') {
    throw storageError('resourceVersion should not be set on objects to be created');
  }
}

function createdMeta({ type, backend }: ApiRequest, { metadata }: KubeObject): KubeObject['metadata'] {
  const chosen = omit(metadata, [
    'uid',
    'resourceVersion',
    'generation',
    'selfLink',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ]);
  return {
    ...chosen,
    name: metadata.name,
    uid: backend.uid(),
    creationTimestamp: timestamp(backend.now()),
    ...(type.countsGeneration ? { generation: 1 } : {}),
  };
}

/** A generated name that is taken is generated anew, a few times. */
function chooseName({ backend, type }: ApiRequest, object: KubeObject): void {
  const { generateName: base = '', name } = object.metadata;
  if (name !== '' || base === '') return;
  const collection = backend.store.collection(storageKey(type));
  for (let attempt = 0; attempt < GENERATE_ATTEMPTS; attempt++) {
    object.metadata.name = generateName(base, () => backend.random());
    if (!collection.has(keyOf(object))) return;
  }
}

function matchNamespace(request: ApiRequest, object: KubeObject): void {
  const { namespace } = request.path;
  const given = object.metadata.namespace ?? '';
  if (namespace === '') delete object.metadata.namespace;
  else if (given === '' || given === namespace) object.metadata.namespace = namespace;
  else throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

/** Nothing is created in a namespace that is not there or that is being deleted. */
function requireNamespace({ backend, type, path }: ApiRequest): void {
  if (!type.namespaced) return;
  const namespace = backend.store.collection('/namespaces').get(path.namespace)?.object;
  if (namespace === undefined) throw notFound({ group: '', plural: 'namespaces' }, path.namespace);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${path.namespace} because it is being terminated`;
  throw forbidden(type, path.name, why);
}

/** Makes the new object from the stored one; sees a frozen view of it. */
export type Change = (old: KubeObject) => KubeObject;

/** Replaces the stored object by what `change` makes of it. Throws ApiError: 404, 409 when stale, 422 when not valid. */
export function updateObject(request: WriteRequest, change: Change, track: Track): Entry {
  const entry = currentEntry(request);
  const old = entry.object;
  const object = change(old);
  checkVersions(request, object, old);
  prepareUpdate(request, object, old);
  track(request, object, old);
  checkObject(request.served, object, old, request.path.subresource === 'status' ? 'status' : 'main');
  admit({ request, operation: 'UPDATE', object, old, dryRun: request.options.dryRun });
  if (equalJson(object, old)) return entry;
  if (request.options.dryRun) return pretend(object);
  return storeUpdate(request, object);
}

/** The last finalizer of a deleted object takes the object with it. */
function storeUpdate(request: ApiRequest, object: KubeObject): Entry {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers = [] } = object.metadata;
  // A namespace has no grace period while its content is being deleted.
  const gone = deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && finalizers.length === 0;
  const { store } = request.backend;
  return gone ? store.remove(collectionOf(request), object) : store.set(collectionOf(request), object);
}

/** Throws 400 when the body names another object than the path does. */
export function matchPath(request: ApiRequest, object: KubeObject): void {
  const { name } = object.metadata;
  const { path } = request;
  if (name !== '' && name !== path.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${path.name})`);
  }
  if (name === '') throw badRequest('name must be provided');
  matchNamespace(request, object);
}

function checkVersions({ type }: ApiRequest, object: KubeObject, old: KubeObject): void {
  const { uid = '', resourceVersion = '', name } = object.metadata;
  const version = versionNumber(resourceVersion);
  if (version === undefined) throw storageError(versionSyntax(resourceVersion));
  if (uid !== '' && uid !== old.metadata.uid)
    throw conflict(type, name, wrongUid(type, name, uid, old.metadata.uid ?? ''));
  if (version === 0 && !type.unconditionalUpdate) {
    const error = invalidValue('metadata.resourceVersion', 0, 'must be specified for an update');
    throw invalid({ group: type.group, kind: type.plural }, name, [error]);
  }
  if (version !== 0 && resourceVersion !== old.metadata.resourceVersion) throw staleVersion(type, name);
}

/** The storage layer's words. */
const wrongUid = (
  { group, plural }: { group: string; plural: string },
  name: string,
  given: string,
  stored: string,
): string =>
  `StorageError: invalid object, Code: 4, Key: /registry/${group}/${plural}/${name}, ResourceVersion: 0, ` +
  `AdditionalErrorMsg: Precondition failed: UID in precondition: ${given}, UID in object meta: ${stored}`;

/** Takes from the stored object what an update may not touch. */
function prepareUpdate(request: ApiRequest, object: KubeObject, old: KubeObject): void {
  const { type, path } = request;
  if (path.subresource === 'status') type.strategy.prepareStatus(object, old);
  else type.strategy.prepareUpdate?.(object, old);
  object.apiVersion = apiVersionOf(type);
  const { resourceVersion, uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation } =
    old.metadata;
  const kept = { resourceVersion, uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds };
  const set = Object.entries(kept).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
  object.metadata = {
    ...omit(object.metadata, ['selfLink', 'generation']),
    ...Object.fromEntries(set),
    name: object.metadata.name,
  };
  if (generation === undefined) return;
  const bump = path.subresource === '' && type.countsGeneration && changesGeneration(type, object, old);
  object.metadata.generation = bump ? generation + 1 : generation;
}
