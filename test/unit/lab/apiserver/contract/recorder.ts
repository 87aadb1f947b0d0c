/**
 * Speaks to an API server as scenarios tell it, and keeps what it answered in a form that two servers can share: identities, versions
 * and times are replaced by placeholders.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import { parse as parseYaml } from 'yaml';
import type { Json, JsonObject } from '../../../../../lib/lab/apiserver/json.ts';
import { send, type Server } from './send.ts';

export interface Exchange {
  /** What the request was about, in words. */
  readonly what: string;
  readonly code: number;
  readonly warnings?: readonly string[];
  readonly body: Json;
}

export interface CallOptions {
  readonly body?: Json;
  /** Sent as it is. */
  readonly raw?: string;
  readonly type?: string;
  readonly accept?: string;
  readonly agent?: string;
  /** Who calls, in place of the administrator: `Impersonate-User`, or another `Authorization`, which is left out when it is empty. */
  readonly headers?: OutgoingHttpHeaders;
}

export class Recorder {
  readonly exchanges: Exchange[] = [];
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** Sends one request and records the answer; returns the body as it was, for use in later requests. */
  async call(what: string, method: string, path: string, options: CallOptions = {}): Promise<JsonObject> {
    const { status, warning, text, isYaml } = await this.#send(method, path, options);
    const body = isYaml ? (parseYaml(text) as Json) : parse(text);
    this.exchanges.push({
      what,
      code: status,
      ...(warning === undefined ? {} : { warnings: splitWarnings(warning) }),
      body: normalize(body),
    });
    return body as JsonObject;
  }

  /** The same without a record: preparation and tidying. */
  async quietly(method: string, path: string, options: CallOptions = {}): Promise<JsonObject> {
    const { text } = await this.#send(method, path, options);
    return parse(text) as JsonObject;
  }

  /** Records the events of a watch that the server ends after a second. */
  async watch(what: string, path: string, options: CallOptions = {}): Promise<JsonObject[]> {
    const { status, text } = await this.#send(
      'GET',
      `${path}${path.includes('?') ? '&' : '?'}watch=true&timeoutSeconds=1`,
      options,
    );
    const events = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as JsonObject);
    this.exchanges.push({ what, code: status, body: events.map((event) => normalize(event)) });
    return events;
  }

  async #send(method: string, path: string, { body, raw, type, accept, agent, headers: more }: CallOptions) {
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const headers = {
      Accept: accept ?? 'application/json',
      'User-Agent': agent ?? 'contract/1.0',
      ...(content === undefined ? {} : { 'Content-Type': type ?? 'application/json' }),
      ...more,
    };
    const received = await send(this.#server, { method, path, headers, content });
    const warning = received.headers['warning'];
    const isYaml = received.headers['content-type'] === 'application/yaml';
    return { status: received.status, warning, text: received.content.toString(), isYaml };
  }
}

/** Errors below the API itself are plain text. */
const parse = (text: string): Json => (/^[[{]/.test(text) ? (JSON.parse(text) as Json) : text);

const splitWarnings = (header: string): string[] => header.split(/, (?=299 )/);

const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const AGE = /^(\d+[smhdy])+$/;
const TIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g;

/** What differs inside messages: versions, objects quoted as JSON, parsers' own words, Go's diffs of two objects, and a wire format that only one server has. */
const MESSAGE_PARTS: readonly (readonly [RegExp, string])[] = [
  [/(resource version: |current: |ResourceVersion in (?:precondition|record) \(|\()(\d+)/g, '$1<version>'],
  [/"\{\\"(?:[^"\\]|\\.)*"/g, '"<object>"'],
  [/\n@@ .*$/s, ''],
  [/(error converting YAML to JSON: yaml: ).*/, '$1<problem>'],
  [/&user\.DefaultInfo\{.*\} without/, '<user> without'],
  [/, application\/vnd\.kubernetes\.protobuf/, ''],
];

/** Replaces what two servers cannot share; sorts keys, and what the real server has in random order. */
export function normalize(value: Json, key = ''): Json {
  if (Array.isArray(value))
    return normalizeList(
      value.map((item) => normalize(item)),
      key,
    );
  if (typeof value === 'string') return normalizeText(value, key);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, item]) => [name, normalize(item, name)] as const);
  return withoutList(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
}

function normalizeText(text: string, key: string): string {
  if (key === 'resourceVersion' && /^\d+$/.test(text)) return '<version>';
  if (key === 'continue' && text !== '') return '<continue>';
  const plain = text.replace(UID, '<uid>').replace(TIME, '<time>');
  return key === 'message'
    ? MESSAGE_PARTS.reduce((result, [pattern, by]) => result.replace(pattern, by), plain)
    : plain;
}

/**
 * The causes of an error come in the order of a Go map, and what two layers check comes twice. Shares of ownership come in the order of
 * their seconds.
 */
function normalizeList(items: Json[], key: string): Json[] {
  if (key === 'cells') return items.map((cell) => (typeof cell === 'string' && AGE.test(cell) ? '<age>' : cell));
  if (key !== 'causes' && key !== 'managedFields') return items;
  const texts = new Set(items.map((item) => JSON.stringify(item)));
  return [...texts].sort().map((text) => JSON.parse(text) as Json);
}

/** The message of a Status with several causes repeats them, in random order. */
function withoutList(object: JsonObject): JsonObject {
  const { message } = object;
  if (Array.isArray(object['columnDefinitions']))
    return { ...object, columnDefinitions: object['columnDefinitions'].map(undescribed) };
  return typeof message === 'string' ? { ...object, message: message.replace(/: \[.*\]$/s, ': [<causes>]') } : object;
}

/** The real server's core columns are described by the text of Go comments. */
const undescribed = (column: Json): Json =>
  typeof column === 'object' && column !== null && !Array.isArray(column)
    ? { ...column, description: '<text>' }
    : column;
