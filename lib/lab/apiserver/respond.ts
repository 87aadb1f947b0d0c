/** Writes answers: one document, a status, or a long list in pieces. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { stringify as toYaml } from 'yaml';
import { encodeEntry } from './encode.ts';
import { type JsonObject, parseJson } from './json.ts';
import { type ListPage, listParts, withoutEmpty } from './list.ts';
import type { ApiRequest } from './request.ts';
import { ApiError, internalError } from './status.ts';
import type { Entry } from './collection.ts';
import { includeObjectOf, oneRow, partialOf, tableOf } from './table.ts';

/** Readers of YAML 1.1 shall take no text for a date or a truth. */
const YAML_OUT = { version: '1.1', sortMapEntries: true } as const;

const PIECE_BYTES = 64 * 1024;

export function sendText(response: ServerResponse, code: number, type: string, text: string): void {
  response.writeHead(code, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-cache, private',
  });
  response.end(text);
}

export const sendJson = (response: ServerResponse, code: number, document: object): void =>
  sendText(response, code, 'application/json', `${JSON.stringify(document)}\n`);

/** Any thrown value as a Status; what is not ours becomes a 500 without its inner text. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known = error instanceof ApiError ? error : internalError('the embedded API server failed; see its log');
  const seconds = known.details?.retryAfterSeconds;
  if (seconds !== undefined && seconds > 0) response.setHeader('Retry-After', String(seconds));
  sendJson(response, known.code, known.toStatus());
}

function send({ representation, warnings }: ApiRequest, response: ServerResponse, code: number, json: string): void {
  for (const text of warnings) response.appendHeader('Warning', `299 - ${JSON.stringify(text)}`);
  if (representation.wire === 'yaml') sendText(response, code, 'application/yaml', toYaml(parseJson(json), YAML_OUT));
  else sendText(response, code, 'application/json', `${json}\n`);
}

export const sendDocument = (request: ApiRequest, response: ServerResponse, code: number, document: JsonObject): void =>
  send(request, response, code, JSON.stringify(document));

export function sendEntry(request: ApiRequest, response: ServerResponse, code: number, entry: Entry): void {
  switch (request.representation.shape) {
    case 'object':
      return send(request, response, code, encodeEntry(request.type, entry));
    case 'table':
      return sendDocument(request, response, code, oneRow(request, entry));
    case 'metadata':
      return sendDocument(request, response, code, partialOf(entry));
  }
}

export async function sendList(request: ApiRequest, response: ServerResponse, page: ListPage): Promise<void> {
  const { shape, wire } = request.representation;
  if (shape === 'table') return sendDocument(request, response, 200, listTable(request, page));
  if (shape === 'metadata') return sendDocument(request, response, 200, metadataList(page));
  if (wire === 'yaml') return send(request, response, 200, [...listParts(request, page)].join(''));
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
  await writePieces(response, listParts(request, page));
  response.end();
}

function listTable({ type, query, backend }: ApiRequest, { entries, metadata }: ListPage): JsonObject {
  return tableOf(type, [...entries], withoutEmpty(metadata), {
    include: includeObjectOf(query),
    headers: true,
    now: backend.now(),
  });
}

function metadataList({ entries, metadata }: ListPage): JsonObject {
  const items = [...entries].map(partialOf);
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata: withoutEmpty(metadata),
    items: items.length === 0 ? null : items,
  };
}

/** Other requests get their turn between pieces; a slow reader is waited for. */
export async function writePieces(response: ServerResponse, parts: Iterable<string>): Promise<void> {
  let piece = '';
  for (const part of parts) {
    piece += part;
    if (piece.length < PIECE_BYTES) continue;
    await writePiece(response, piece);
    piece = '';
    if (response.destroyed) return;
  }
  if (piece !== '') response.write(piece);
}

async function writePiece(response: ServerResponse, piece: string): Promise<void> {
  if (response.write(piece)) {
    await setImmediate();
    return;
  }
  const closed = new AbortController();
  const abort = () => closed.abort();
  response.once('close', abort);
  await once(response, 'drain', { signal: closed.signal }).catch(() => undefined);
  response.off('close', abort);
}
