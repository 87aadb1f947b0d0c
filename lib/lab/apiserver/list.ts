/** LIST: at the current version or a past one, whole or in pages, written in pieces so that a long list blocks nobody. */
import { posix } from 'node:path';
import { parseJsonText } from './body.ts';
import { encodeItem } from './encode.ts';
import { asObject, asString, type JsonObject, omit } from './json.ts';
import type { ApiRequest } from './request.ts';
import { apiVersionOf, storageKey } from './resource.ts';
import { entriesInRange, type Selection, selectionOf } from './select.ts';
import { badRequest, expired, type FieldError, forbiddenField, invalid, unsupportedValue } from './status.ts';
import type { Collection, Entry } from './collection.ts';
import { versionNumber, versionSyntax, waitForVersion } from './version.ts';

export interface ListPage {
  /** In order; can be gone through once. */
  readonly entries: Iterable<Entry>;
  readonly metadata: JsonObject;
}

interface Continue {
  /** -1: go on at the current version. */
  readonly version: number;
  readonly start: string;
}

const TOKEN_API = 'meta.k8s.io/v1';

const TOO_OLD_CONTINUE =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.';
const TOO_OLD_VERSION = 'The resourceVersion for the provided list is too old.';

/** Reads one page. Throws 400 and 422 for bad parameters, 410 for a version that is compacted, 504 for one that is not reached. */
export async function readList(request: ApiRequest): Promise<ListPage> {
  const { query, backend, type } = request;
  checkListOptions(query);
  const selection = selectionOf(request);
  // A list at version 0 comes from the real server's cache, which knows no pages.
  const limit = query.get('resourceVersion') === '0' ? 0 : wholeNumber(query, 'limit');
  const token = parseContinue(query.get('continue') ?? '');
  const wanted = listedVersion(query);
  if (token !== undefined && wanted > 0) {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const collection = backend.store.collection(storageKey(type));
  await waitForVersion(backend.store, wanted);
  const version = listVersion(request, collection, token);
  return page(collection, selection, { from: token?.start ?? '', version, now: backend.store.version, limit });
}

function listVersion({ query, backend }: ApiRequest, collection: Collection, token: Continue | undefined): number {
  const { store } = backend;
  const compacted = store.compactedVersion(collection);
  if (token !== undefined) return continuedVersion(token, compacted, store.version);
  const wanted = listedVersion(query);
  if (wanted === 0 || !wantsExact(query)) return store.version;
  if (wanted < compacted) throw expired(TOO_OLD_VERSION);
  return wanted;
}

function listedVersion(query: URLSearchParams): number {
  const text = query.get('resourceVersion') ?? '';
  const version = versionNumber(text);
  if (version !== undefined) return version;
  throw badRequest(
    `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: ${versionSyntax(text)}`,
  );
}

/** A limit without a match asks for the exact version too, as the real server has it for its older clients. */
const wantsExact = (query: URLSearchParams): boolean => {
  const match = query.get('resourceVersionMatch') ?? '';
  return match === 'Exact' || (match === '' && query.has('limit'));
};

function continuedVersion(token: Continue, compacted: number, current: number): number {
  if (token.version < 0) return current;
  if (token.version >= compacted) return token.version;
  throw expired(TOO_OLD_CONTINUE, { continue: encodeContinue({ version: -1, start: token.start }) });
}

interface PageBounds {
  readonly from: string;
  readonly version: number;
  readonly now: number;
  readonly limit: number;
}

function page(collection: Collection, selection: Selection, { from, version, now, limit }: PageBounds): ListPage {
  const range =
    version < now ? pastEntries(collection, selection, from, version) : entriesInRange(collection, selection, from);
  const metadata: JsonObject = { resourceVersion: String(version), continue: '' };
  if (limit === 0) return { entries: selected(range, selection), metadata };
  const found = take(selected(range, selection), limit + 1);
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  if (last !== undefined && found.length > limit) {
    metadata['continue'] = encodeContinue({ version, start: `${last.key}\u0000` });
    if (selection.everything) metadata['remainingItemCount'] = range.length - entries.length;
  }
  return { entries, metadata };
}

/** Tests as it goes: a long list is tested piece by piece, as it is written. */
function* selected(range: readonly Entry[], selection: Selection): Generator<Entry> {
  for (const entry of range) if (selection.everything || selection.matches(entry)) yield entry;
}

function take<T>(items: Iterable<T>, count: number): T[] {
  const taken: T[] = [];
  for (const item of items) if (taken.push(item) === count) break;
  return taken;
}

/** The entries as they were: the current ones, with every later change undone. */
function pastEntries(collection: Collection, selection: Selection, from: string, version: number): Entry[] {
  const current = entriesInRange(collection, selection, from);
  const undone = statesAt(collection, version);
  if (undone.size === 0) return current;
  const inRange = ({ key }: Entry): boolean =>
    key >= from && key.startsWith(selection.prefix) && (selection.key === undefined || selection.key === key);
  const back = [...undone.values()].filter((entry) => entry !== undefined).filter(inRange);
  return mergeByKey(
    current.filter(({ key }) => !undone.has(key)),
    back.sort((a, b) => (a.key < b.key ? -1 : 1)),
  );
}

/** What the objects that changed since a version were at that version; undefined for those that were not there. */
function statesAt({ history }: Collection, version: number): Map<string, Entry | undefined> {
  const states = new Map<string, Entry | undefined>();
  for (let i = history.length - 1; i >= 0; i--) {
    const change = history[i];
    if (change === undefined || change.version <= version) break;
    states.set(change.after.key, change.before);
  }
  return states;
}

/** Both sorted, and without a key in common. */
function mergeByKey(many: readonly Entry[], few: readonly Entry[]): Entry[] {
  const merged: Entry[] = [];
  let next = 0;
  for (const entry of few) {
    for (let item = many[next]; item !== undefined && item.key < entry.key; item = many[++next]) merged.push(item);
    merged.push(entry);
  }
  return merged.concat(many.slice(next));
}

const encodeContinue = ({ version, start }: Continue): string =>
  Buffer.from(JSON.stringify({ v: TOKEN_API, rv: version, start })).toString('base64url');

function parseContinue(text: string): Continue | undefined {
  if (text === '') return undefined;
  const decoded = Buffer.from(text, 'base64url').toString();
  const token = parseJsonText(decoded, 'invalid continue token: continue key is not valid: ');
  const { v: api, rv: version, start } = asObject(token);
  const refuse = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);
  if (api !== TOKEN_API) throw refuse(`server does not recognize this encoded version ${asString(api)}`);
  if (typeof version !== 'number' || version === 0)
    throw refuse(`incorrect encoded start resourceVersion (version ${TOKEN_API})`);
  if (typeof start !== 'string' || start === '') throw refuse(`encoded start key empty (version ${TOKEN_API})`);
  if (posix.join('/', start) !== `/${start}`) throw refuse(start);
  return { version, start };
}

/** 0 when absent or negative. Throws 400 for what is no number. */
export function wholeNumber(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (text !== '' && !/^[+-]?\d+$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Math.max(0, Number(text));
}

const MATCHES = ['Exact', 'NotOlderThan', ''];

/** The rules of ValidateListOptions for lists. */
function checkListOptions(query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const errors: FieldError[] = [];
  const forbid = (field: string, why: string) => errors.push(forbiddenField(field, why));
  if (match !== '') {
    const field = 'resourceVersionMatch';
    if (version === '') forbid(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided');
    if ((query.get('continue') ?? '') !== '')
      forbid(field, 'resourceVersionMatch is forbidden when continue is provided');
    if (!MATCHES.includes(match)) errors.push(unsupportedValue(field, match, MATCHES));
    if (match === 'Exact' && version === '0')
      forbid(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (query.has('sendInitialEvents')) forbid('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

/** An empty token is written in lists of custom resources only. */
export const withoutEmpty = (metadata: JsonObject): JsonObject =>
  metadata['continue'] === '' ? omit(metadata, ['continue']) : metadata;

/** The parts of the list's JSON, in order; joined they are one document. */
export function* listParts(request: ApiRequest, page: ListPage): Generator<string> {
  const { type } = request;
  const { entries } = page;
  const metadata = type.custom ? page.metadata : withoutEmpty(page.metadata);
  yield `{"kind":${JSON.stringify(type.listKind)},"apiVersion":${JSON.stringify(apiVersionOf(type))},"metadata":${JSON.stringify(metadata)},"items":[`;
  let separator = '';
  for (const entry of entries) {
    yield separator + encodeItem(type, entry);
    separator = ',';
  }
  yield ']}\n';
}
