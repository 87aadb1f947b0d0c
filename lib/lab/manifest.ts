/** `kubectl apply` for multi-document YAML, by server-side apply. */
import { parseAllDocuments } from 'yaml';
import { parseWith } from '../api/field.ts';
import { err, ok, type Result } from '../net/result.ts';
import {
  type ApiClient,
  type ApiResource,
  discoverVersion,
  type LooseObject,
  looseObjectSchema,
  resourcePath,
} from './api-client.ts';
import { LabError } from './lab-error.ts';

const FIELD_MANAGER = 'warrenctl';

/** Empty documents are skipped; an error names the document by its number. */
export function parseManifests(text: string): Result<readonly LooseObject[]> {
  const objects: LooseObject[] = [];
  const documents = parseAllDocuments(text);
  for (const [i, document] of ('empty' in documents ? [] : documents).entries()) {
    const [problem] = document.errors;
    if (problem) return err(`document ${i + 1}: ${problem.message}`);
    const value: unknown = document.toJS();
    if (value === null || value === undefined) continue;
    const parsed = parseWith(looseObjectSchema, value);
    if (!parsed.ok) return err(`document ${i + 1}: ${parsed.error}`);
    objects.push(parsed.value);
  }
  return objects.length > 0 ? ok(objects) : err('no object in it');
}

/** Applies in order; returns `network.warren.dev/blue` for each. Throws LabError that names the object refused. */
export async function applyManifests(api: ApiClient, text: string, source: string): Promise<readonly string[]> {
  const parsed = parseManifests(text);
  if (!parsed.ok) throw new LabError(`${source}: ${parsed.error}`, 'correct the manifest');
  const applied: string[] = [];
  for (const object of parsed.value) applied.push(await applyObject(api, object, source));
  return applied;
}

async function applyObject(api: ApiClient, object: LooseObject, source: string): Promise<string> {
  const label = labelOf(object);
  const resource = await resourceOf(api, object, source);
  const path = resourcePath(resource, object.metadata.namespace ?? 'default', object.metadata.name);
  try {
    await api.request(`${path}?fieldManager=${FIELD_MANAGER}&force=true`, {
      method: 'PATCH',
      contentType: 'application/apply-patch+yaml',
      body: object,
    });
    return label;
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError(
      `${source}: ${label}: ${error instanceof Error ? error.message : String(error)}`,
      'correct the manifest',
    );
  }
}

/** `network.warren.dev/blue`, as kubectl names it. */
function labelOf({ apiVersion, kind, metadata }: LooseObject): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0] ?? ''}` : '';
  return `${kind.toLowerCase()}${group}/${metadata.name}`;
}

async function resourceOf(api: ApiClient, object: LooseObject, source: string): Promise<ApiResource> {
  const resources = await discoverVersion(api, object.apiVersion).catch((error: unknown) => {
    if (error instanceof LabError) throw error;
    return [];
  });
  const resource = resources.find(({ kind }) => kind === object.kind);
  if (resource) return resource;
  throw new LabError(
    `${source}: the API server knows no kind ${object.kind} in ${object.apiVersion}`,
    'correct apiVersion and kind, or apply its CustomResourceDefinition first',
  );
}
