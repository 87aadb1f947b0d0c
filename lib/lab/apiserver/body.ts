/** Reads request bodies: with a limit, as JSON or YAML. */
import type { IncomingMessage } from 'node:http';
import { parse as parseYaml } from 'yaml';
import { type Json, parseJson } from './json.ts';
import { parseProtobuf } from './protobuf.ts';
import { ApiError, badRequest } from './status.ts';

/** The real server's limit for resource requests. */
export const BODY_MAX_BYTES = 3 * 1024 * 1024;

const tooLarge = () =>
  new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${BODY_MAX_BYTES}`, {});

/** The whole body. Throws 413 beyond the limit. */
async function readBytes(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export const readBody = async (message: IncomingMessage): Promise<string> =>
  (await readBytes(message)).toString('utf8');

export const mediaType = (message: IncomingMessage): string =>
  (message.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';

export interface ReadText {
  /** As it came, or the JSON that a protobuf message stands for. */
  readonly text: string;
  /** Throws 400. */
  parse(this: void, text: string): Json;
}

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** The body as text with its parser. `parse` is that of JSON. Throws 415 for a format that is not read here. */
export async function readText(message: IncomingMessage, parse: (text: string) => Json): Promise<ReadText> {
  switch (mediaType(message)) {
    case 'application/yaml':
      return { text: await readBody(message), parse: (text) => parseYamlText(text) };
    case 'application/json':
    case '':
      return { text: await readBody(message), parse };
    case PROTOBUF:
      return { text: JSON.stringify(parseProtobuf(await readBytes(message))), parse };
    default:
      throw unsupportedMedia(['application/json', 'application/yaml', PROTOBUF]);
  }
}

export const unsupportedMedia = (accepted: readonly string[]): ApiError =>
  new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

/** Any document that is no object of a resource: options, reviews, faults; null for an empty body. Throws 400 and 415. */
export async function readDocument(message: IncomingMessage): Promise<Json> {
  const { text, parse } = await readText(message, (json) => parseJsonText(json));
  return text === '' ? null : parse(text);
}

/** Throws 400, worded as Go's decoder words it. */
export function parseJsonText(text: string, doing = ''): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw badRequest(doing + jsonSyntaxError(error, text));
  }
}

/** Go's text for what JSON.parse complains of. */
export function jsonSyntaxError(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : '';
  const position = /position (\d+)/.exec(message)?.[1];
  const character = /Unexpected token '(.)'/.exec(message)?.[1] ?? (position && text[Number(position)]);
  if (character === undefined || character === '') return 'unexpected end of JSON input';
  return `invalid character '${character}' looking for beginning of value`;
}

export function parseYamlText(text: string, doing = ''): Json {
  try {
    return parseJson(JSON.stringify(parseYaml(text, { maxAliasCount: 0 }) ?? null));
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : '').split('\n');
    throw badRequest(`${doing}error converting YAML to JSON: yaml: ${line}`);
  }
}
