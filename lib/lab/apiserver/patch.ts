/** PATCH: JSON patch (RFC 6902), JSON merge patch (RFC 7386) and strategic merge patch, applied to the stored object. */
import fastJsonPatch, { type Operation } from 'fast-json-patch';
import { mediaType, parseJsonText, readBody, unsupportedMedia } from './body.ts';
import { cloneJson, isObject, type Json, type JsonObject } from './json.ts';
import type { ApiRequest } from './request.ts';
import { ApiError, badRequest } from './status.ts';
import { strategicMerge } from './strategic-merge.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const APPLY_YAML = 'application/apply-patch+yaml';
const MAX_OPERATIONS = 10_000;

export type Patch =
  { readonly kind: 'change'; apply(old: Json): Json } | { readonly kind: 'apply'; readonly text: string };

const DECODING = 'error decoding patch: ';

/** Reads the patch of a request. Throws 400 for what does not parse, 415 for a kind of patch that the resource does not take. */
export async function readPatch(request: ApiRequest): Promise<Patch> {
  const media = mediaType(request.message);
  const accepted = [JSON_PATCH, MERGE_PATCH, ...(request.type.custom ? [] : [STRATEGIC]), APPLY_YAML];
  if (!accepted.includes(media)) throw unsupportedMedia(accepted);
  const text = await readBody(request.message);
  if (media === APPLY_YAML) return { kind: 'apply', text };
  const patch = parseJsonText(text, DECODING);
  return { kind: 'change', apply: media === JSON_PATCH ? jsonPatch(patch) : documentPatch(request, media, patch) };
}

function documentPatch(request: ApiRequest, media: string, patch: Json): (old: Json) => Json {
  if (!isObject(patch)) throw badRequest('the patch must be a JSON object');
  return media === MERGE_PATCH
    ? (old) => mergePatch(old, patch)
    : (old) => strategicMerge(isObject(old) ? old : {}, patch, request.type.schema);
}

/** RFC 7386. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return cloneJson(patch);
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key] ?? null, value);
  }
  return result;
}

/** The real server answers 422 with this text whenever a patch cannot be applied. */
const cannotApply = () =>
  new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

function jsonPatch(patch: Json): (old: Json) => Json {
  const operations = asOperations(patch);
  return (old) => {
    try {
      return fastJsonPatch.applyPatch<Json>(cloneJson(old), operations, true).newDocument;
    } catch {
      throw cannotApply();
    }
  };
}

function asOperations(patch: Json): Operation[] {
  if (!Array.isArray(patch))
    throw badRequest(`${DECODING}json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp`);
  if (patch.length > MAX_OPERATIONS) {
    const text = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`;
    throw new ApiError(413, 'RequestEntityTooLarge', text, {});
  }
  if (!patch.every(isOperation)) throw cannotApply();
  return patch;
}

const OPS = ['add', 'remove', 'replace', 'move', 'copy', 'test'];
function isOperation(value: Json): value is Json & Operation {
  return (
    isObject(value) && typeof value['op'] === 'string' && OPS.includes(value['op']) && typeof value['path'] === 'string'
  );
}
