/** The verbs of a resource, by method and path (k8s.io/apiserver/pkg/endpoints/installer.go). */
import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { admit } from './admission/admit.ts';
import { apply } from './apply.ts';
import { readDocument, readText } from './body.ts';
import { bindPod } from './bind.ts';
import { decodeBody, decodePatched, parseObjectJson } from './decode.ts';
import { deleteEntry } from './delete.ts';
import { readDeleteOptions } from './delete-options.ts';
import { readList } from './list.ts';
import { readPatch } from './patch.ts';
import type { KubeObject } from './object.ts';
import { type ApiRequest, writeRequest, type WriteRequest } from './request.ts';
import { objectKey } from './resource.ts';
import { sendDocument, sendEntry, sendList } from './respond.ts';
import { noSuchPath, success, wrongMethod } from './status.ts';
import { trackUpdate } from './track.ts';
import { versionNumber, waitForVersion } from './version.ts';
import { serveWatch } from './watch.ts';
import { collectionOf, createObject, currentEntry, matchPath, updateObject } from './write.ts';

type Handler = (request: ApiRequest, response: ServerResponse) => Promise<void>;

const OBJECT: Readonly<Record<string, Handler>> = { GET: get, PUT: put, PATCH: patch, DELETE: remove };
const STATUS: Readonly<Record<string, Handler>> = { GET: get, PUT: put, PATCH: patch };
const ALL_NAMESPACES: Readonly<Record<string, Handler>> = { GET: listOrWatch };
const KEPT_COLLECTION: Readonly<Record<string, Handler>> = { GET: listOrWatch, POST: post };
const COLLECTION: Readonly<Record<string, Handler>> = { GET: listOrWatch, POST: post, DELETE: removeCollection };

/** Answers a request for a resource. Throws ApiError. */
export async function serveResource(request: ApiRequest, response: ServerResponse): Promise<void> {
  const handler = handlersOf(request)[request.message.method ?? ''];
  if (handler === undefined) throw wrongMethod();
  await handler(request, response);
}

type Handlers = Readonly<Record<string, Handler>>;

function handlersOf(request: ApiRequest): Handlers {
  const { type, path } = request;
  if (!type.namespaced && path.namespace !== '') throw noSuchPath();
  if (path.name === '') return collectionHandlers(request);
  if (type.namespaced && path.namespace === '') throw noSuchPath();
  return path.subresource === '' ? OBJECT : subresourceHandlers(request);
}

function collectionHandlers({ type, path }: ApiRequest): Handlers {
  if (type.namespaced && path.namespace === '') return ALL_NAMESPACES;
  return type.verbs.includes('deletecollection') ? COLLECTION : KEPT_COLLECTION;
}

function subresourceHandlers({ type, path }: ApiRequest): Handlers {
  if (path.subresource === 'status' && type.hasStatus) return STATUS;
  if (path.subresource === 'binding' && type.kind === 'Pod' && !type.custom) return { POST: bind };
  throw noSuchPath();
}

async function get(request: ApiRequest, response: ServerResponse): Promise<void> {
  await waitForVersion(request.backend.store, versionNumber(request.query.get('resourceVersion') ?? '') ?? 0);
  sendEntry(request, response, 200, currentEntry(request));
}

async function listOrWatch(request: ApiRequest, response: ServerResponse): Promise<void> {
  const watch = request.query.get('watch');
  if (watch === 'true' || watch === '1') return serveWatch(request, response);
  await sendList(request, response, await readList(request));
}

async function post(request: ApiRequest, response: ServerResponse): Promise<void> {
  const write = writeRequest(request, 'CreateOptions');
  const object = await readObject(write);
  sendEntry(request, response, 201, createObject(write, object, trackUpdate));
}

async function put(request: ApiRequest, response: ServerResponse): Promise<void> {
  const write = writeRequest(request, 'UpdateOptions');
  const object = await readObject(write);
  matchPath(write, object);
  const creates = request.type.createOnUpdate && !collectionOf(request).has(keyInPath(request));
  if (creates) return sendEntry(request, response, 201, createObject(write, object, trackUpdate));
  sendEntry(
    request,
    response,
    200,
    updateObject(write, () => object, trackUpdate),
  );
}

async function readObject(request: WriteRequest): Promise<KubeObject> {
  const { text, parse } = await readText(request.message, parseObjectJson);
  return decodeBody(request, text, parse);
}

const keyInPath = ({ path }: ApiRequest): string => objectKey(path.namespace, path.name);

async function patch(request: ApiRequest, response: ServerResponse): Promise<void> {
  const read = await readPatch(request);
  const write = writeRequest(request, read.kind === 'apply' ? 'ApplyOptions' : 'PatchOptions');
  if (read.kind === 'apply') {
    const { created, entry } = apply(write, read.text);
    return sendEntry(request, response, created ? 201 : 200, entry);
  }
  const entry = updateObject(
    write,
    (old) => {
      const patched = decodePatched(write, read.apply(old));
      matchPath(write, patched);
      return patched;
    },
    trackUpdate,
  );
  sendEntry(request, response, 200, entry);
}

async function bind(request: ApiRequest, response: ServerResponse): Promise<void> {
  const write = writeRequest(request, 'CreateOptions');
  bindPod(write, await readDocument(request.message));
  sendDocument(request, response, 201, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    code: 201,
  });
}

async function remove(request: ApiRequest, response: ServerResponse): Promise<void> {
  const options = await readDeleteOptions(request);
  const { type, backend } = request;
  const current = currentEntry(request);
  admit({ request, operation: 'DELETE', object: undefined, old: current.object, dryRun: options.dryRun });
  const { gone, entry } = deleteEntry(backend, type, current, options);
  if (!gone || type.returnsDeleted) return sendEntry(request, response, 200, entry);
  const { name, uid = '' } = entry.object.metadata;
  const group = type.group === '' ? {} : { group: type.group };
  sendDocument(request, response, 200, success({ name, ...group, kind: type.plural, uid }));
}

/** Deletes what a list would show, and answers with that list. */
async function removeCollection(request: ApiRequest, response: ServerResponse): Promise<void> {
  const options = await readDeleteOptions(request);
  const { entries, metadata } = await readList(request);
  const listed = [...entries];
  const collection = collectionOf(request);
  for (const [i, { key }] of listed.entries()) {
    const entry = collection.get(key);
    if (entry !== undefined) {
      admit({ request, operation: 'DELETE', object: undefined, old: entry.object, dryRun: options.dryRun });
      deleteEntry(request.backend, request.type, entry, options);
    }
    if (i % 100 === 99) await setImmediate();
  }
  await sendList(request, response, { entries: listed, metadata });
}
