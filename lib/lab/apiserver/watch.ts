/** WATCH: the state or the history that the client asks for, then every change, with bookmarks (Kubernetes API concepts, "watch"). */
import type { ServerResponse } from 'node:http';
import type { OpenWatch } from './watchers.ts';
import { cutConnection } from './cut.ts';
import { encodeEntry } from './encode.ts';
import type { JsonObject } from './json.ts';
import { wholeNumber } from './list.ts';
import type { ApiRequest } from './request.ts';
import { apiVersionOf, storageKey } from './resource.ts';
import { writePieces } from './respond.ts';
import { entriesInRange, type Selection, selectionOf } from './select.ts';
import {
  type ApiError,
  expired,
  type FieldError,
  forbiddenField,
  invalid,
  storageError,
  unsupportedValue,
} from './status.ts';
import type { Change, Collection, Entry } from './collection.ts';
import { bookmarkTable, includeObjectOf, partialMetadata, partialOf, type TableOptions, tableOf } from './table.ts';
import { versionNumber, versionSyntax, waitForVersion } from './version.ts';

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

const BOOKMARK_MS = 60_000;
/** So long before the watch times out comes a last bookmark. */
const LAST_BOOKMARK_MS = 2000;
/** The real server picks a time between 30 and 60 minutes. */
const DEFAULT_TIMEOUT_S = 1800;
/** A reader that lags by more than this is cut off, as the real server does with its buffer. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;

interface WatchOptions {
  /** 0 when the client names none. */
  readonly version: number;
  readonly bookmarks: boolean;
  readonly initialEvents: boolean;
  /** The client asked for the bookmark that ends the initial events. */
  readonly marksEnd: boolean;
  readonly timeoutMs: number;
}

function readOptions({ query, backend }: ApiRequest): WatchOptions {
  checkWatchOptions(query);
  const version = watchedVersion(query);
  const sends = query.get('sendInitialEvents');
  const seconds = wholeNumber(query, 'timeoutSeconds') || DEFAULT_TIMEOUT_S * (1 + backend.random());
  return {
    version,
    bookmarks: query.get('allowWatchBookmarks') === 'true',
    initialEvents: sends === null ? version === 0 : sends === 'true',
    marksEnd: sends === 'true',
    timeoutMs: seconds * 1000,
  };
}

function watchedVersion(query: URLSearchParams): number {
  const text = query.get('resourceVersion') ?? '';
  const version = versionNumber(text);
  if (version !== undefined) return version;
  throw storageError(`resourceVersion: Invalid value: ${JSON.stringify(text)}: ${versionSyntax(text)}`);
}

/** The rules of ValidateListOptions for watches. */
function checkWatchOptions(query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const errors: FieldError[] = [];
  const forbid = (why: string) => errors.push(forbiddenField('resourceVersionMatch', why));
  const sends = query.has('sendInitialEvents');
  if (sends && match !== 'NotOlderThan')
    forbid('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  if (match !== '') {
    if (!sends) forbid('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
    if (match !== 'NotOlderThan') errors.push(unsupportedValue('resourceVersionMatch', match, ['NotOlderThan']));
  }
  if ((query.get('continue') ?? '') !== '') forbid('resourceVersionMatch is forbidden when continue is provided');
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

/** Answers until the client leaves, the time is over or a fault ends it. Throws ApiError before anything is written. */
export async function serveWatch(request: ApiRequest, response: ServerResponse): Promise<void> {
  const options = readOptions(request);
  const selection = selectionOf(request);
  const { store } = request.backend;
  await waitForVersion(store, options.version);
  const collection = store.collection(storageKey(request.type));
  const tooOld = expiry(request, collection, options);
  if (tooOld !== undefined) return sendExpired(response, tooOld);
  const watch = new Watch(request, response, collection, selection);
  await watch.run(options);
}

function expiry(
  { backend }: ApiRequest,
  collection: Collection,
  { version, initialEvents }: WatchOptions,
): ApiError | undefined {
  const oldest = backend.store.compactedVersion(collection);
  if (version === 0 || initialEvents || version >= oldest) return undefined;
  return expired(`too old resource version: ${version} (${oldest})`);
}

/** A watch begins well, and its only event says that it cannot go on. */
function sendExpired(response: ServerResponse, error: ApiError): void {
  response.writeHead(200, STREAM_HEADERS);
  response.end(errorEvent(error));
}

const errorEvent = (error: ApiError): string => `${JSON.stringify({ type: 'ERROR', object: error.toStatus() })}\n`;
const STREAM_HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' };

class Watch implements OpenWatch {
  readonly user: string;
  readonly plural: string;
  readonly #request: ApiRequest;
  readonly #response: ServerResponse;
  readonly #collection: Collection;
  readonly #selection: Selection;
  /** Frames that wait for the initial events, or for a stall to end. */
  #held: string[] | undefined = [];
  #headersSent = false;
  #lastVersion: number;

  constructor(request: ApiRequest, response: ServerResponse, collection: Collection, selection: Selection) {
    this.user = request.user.name;
    this.plural = request.type.plural;
    this.#request = request;
    this.#response = response;
    this.#collection = collection;
    this.#selection = selection;
    this.#lastVersion = request.backend.store.version;
  }

  /** Resolves when the watch is over. */
  async run(options: WatchOptions): Promise<void> {
    const { watchers } = this.#request.backend;
    const timers = this.#startTimers(options);
    const closed = new Promise<void>((resolve) => this.#response.once('close', resolve));
    const onChange = (change: Change) => this.#deliver(change);
    const initial = this.#initialFrames(options);
    this.#collection.on('change', onChange);
    watchers.add(this);
    this.#response.writeHead(200, STREAM_HEADERS);
    this.#response.flushHeaders();
    await this.#sendInitial(initial);
    await closed;
    this.#collection.off('change', onChange);
    watchers.remove(this);
    timers.forEach((timer) => clearTimeout(timer));
  }

  drop(): void {
    cutConnection(this.#response);
  }

  expire(): void {
    const version = this.#request.backend.store.version;
    this.#response.end(errorEvent(expired(`too old resource version: ${this.#lastVersion} (${version})`)));
  }

  wake(): void {
    if (this.#held === undefined || this.#stalled()) return;
    const frames = this.#held;
    this.#held = undefined;
    if (frames.length > 0) this.#response.write(frames.join(''));
  }

  #stalled(): boolean {
    return this.#request.backend.faults.stalls({ user: this.user, plural: this.plural });
  }

  async #sendInitial(frames: Iterable<string>): Promise<void> {
    if (this.#stalled()) this.#held?.unshift(...frames);
    else await writePieces(this.#response, frames);
    this.wake();
  }

  #startTimers({ bookmarks, timeoutMs }: WatchOptions): NodeJS.Timeout[] {
    const timers = [setTimeout(() => this.#response.end(), timeoutMs)];
    if (!bookmarks) return timers;
    const bookmark = () => this.#send(this.#bookmark({}, this.#request.backend.store.version));
    const last = timeoutMs - LAST_BOOKMARK_MS;
    return [...timers, setInterval(bookmark, BOOKMARK_MS), ...(last > 0 ? [setTimeout(bookmark, last)] : [])];
  }

  /** Reads the state now; what changes later comes as changes. */
  #initialFrames(options: WatchOptions): Iterable<string> {
    const collection = this.#collection;
    if (!options.initialEvents) {
      const since = options.version;
      const missed = since === 0 ? [] : collection.history.filter((change) => change.version > since);
      return missed.flatMap((change) => this.#frameOf(change) ?? []);
    }
    const entries = entriesInRange(collection, this.#selection, '');
    const version = options.marksEnd && options.bookmarks ? this.#request.backend.store.version : undefined;
    return this.#added(entries, version);
  }

  /** `end`: the version of the bookmark that ends them. */
  *#added(entries: readonly Entry[], end: number | undefined): Generator<string> {
    for (const entry of entries) if (this.#selection.matches(entry)) yield this.#frame('ADDED', entry);
    if (end !== undefined) yield this.#bookmark({ 'k8s.io/initial-events-end': 'true' }, end);
  }

  #deliver(change: Change): void {
    this.#lastVersion = change.version;
    const frame = this.#frameOf(change);
    if (frame !== undefined) this.#send(frame);
  }

  #send(frame: string): void {
    if (this.#held === undefined && this.#stalled()) this.#held = [];
    if (this.#held !== undefined) {
      this.#held.push(frame);
      return;
    }
    this.#response.write(frame);
    if (this.#response.writableLength > MAX_BUFFERED_BYTES) this.#response.destroy();
  }

  /** A change as this watch sees it: an object may enter and leave what it selects. */
  #frameOf({ kind, before, after, version }: Change): string | undefined {
    const did = before !== undefined && this.#selection.matches(before);
    const does = kind === 'set' && this.#selection.matches(after);
    if (does) return this.#frame(did ? 'MODIFIED' : 'ADDED', after);
    if (!did) return undefined;
    return this.#frame('DELETED', kind === 'delete' ? after : atVersion(before, version));
  }

  #frame(type: EventType, entry: Entry): string {
    return `{"type":"${type}","object":${this.#encode(entry)}}\n`;
  }

  #encode(entry: Entry): string {
    const { representation, type } = this.#request;
    switch (representation.shape) {
      case 'object':
        return encodeEntry(type, entry);
      case 'metadata':
        return JSON.stringify(partialOf(entry));
      case 'table': {
        const metadata = { resourceVersion: entry.object.metadata.resourceVersion ?? '' };
        return JSON.stringify(tableOf(type, [entry], metadata, this.#tableOptions()));
      }
    }
  }

  /** The first table of a watch has the headers. */
  #tableOptions(): TableOptions {
    const { query, backend } = this.#request;
    const headers = !this.#headersSent;
    this.#headersSent = true;
    return { include: includeObjectOf(query), headers, now: backend.now() };
  }

  #bookmark(annotations: Record<string, string>, version: number): string {
    const metadata: JsonObject = { resourceVersion: String(version) };
    if (Object.keys(annotations).length > 0) metadata['annotations'] = annotations;
    return `${JSON.stringify({ type: 'BOOKMARK', object: this.#bookmarkObject(metadata) })}\n`;
  }

  #bookmarkObject(metadata: JsonObject): JsonObject {
    const { representation, type } = this.#request;
    switch (representation.shape) {
      case 'object':
        return { kind: type.kind, apiVersion: apiVersionOf(type), metadata };
      case 'metadata':
        return partialMetadata(metadata);
      case 'table':
        return bookmarkTable(type, metadata, this.#tableOptions());
    }
  }
}

/** An object that left the selection is deleted as the client knew it, at the version at which it left. */
function atVersion({ key, object }: Entry, version: number): Entry {
  return { key, version, object: { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } } };
}
