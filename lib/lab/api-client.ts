/** A small client of the Kubernetes REST protocol for objects of any kind: what `lab apply` and `lab get` need of kubectl. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import { text as textOf } from 'node:stream/consumers';
import * as z from 'zod';
import { parseJson } from './json-text.ts';
import { LabError } from './lab-error.ts';

/** An object whose kind only the API server knows. */
export const looseObjectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    uid: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
});
export type LooseObject = z.infer<typeof looseObjectSchema>;

const apiResourceSchema = z.object({
  name: z.string(),
  singularName: z.string().default(''),
  namespaced: z.boolean(),
  kind: z.string(),
  shortNames: z.array(z.string()).default([]),
});
const resourceListSchema = z.object({ groupVersion: z.string(), resources: z.array(apiResourceSchema) });
const groupListSchema = z.object({
  groups: z.array(z.object({ preferredVersion: z.object({ groupVersion: z.string() }) })),
});
const statusSchema = z.object({
  kind: z.literal('Status'),
  message: z.string().optional(),
  reason: z.string().optional(),
});
const tableSchema = z.object({
  kind: z.literal('Table'),
  columnDefinitions: z.array(z.object({ name: z.string(), priority: z.number().default(0) })),
  rows: z.array(z.object({ cells: z.array(z.unknown()) })).nullable(),
});

export interface ApiResource extends z.infer<typeof apiResourceSchema> {
  readonly groupVersion: string;
}

/** A refusal in the server's words. */
export class ApiRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiRefusal';
    this.status = status;
  }
}

export const isStatus = (error: unknown, status: number): boolean =>
  error instanceof ApiRefusal && error.status === status;

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
}

export interface ApiClient {
  /** The parsed answer; throws ApiRefusal, or LabError when the server cannot be reached. */
  request(path: string, request?: ApiRequest): Promise<unknown>;
}

export interface Endpoint {
  /** `https://127.0.0.1:6443` */
  readonly server: string;
  readonly token: string;
  /** PEM of the certificate to trust. */
  readonly ca: string;
}

export function apiClient({ server, token, ca }: Endpoint): ApiClient {
  const agent = new Agent({ keepAlive: true, ca });
  return {
    request: async (
      path,
      { method = 'GET', body, contentType = 'application/json', accept = 'application/json' } = {},
    ) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      const headers = {
        authorization: `Bearer ${token}`,
        accept,
        'content-type': contentType,
        'content-length': Buffer.byteLength(text),
      };
      const options = { method, headers, agent, signal: AbortSignal.timeout(30_000) };
      const answer = await exchange(new URL(path, server), options, text).catch((error: unknown) => {
        throw new LabError(
          `the lab's API server at ${server} does not answer: ${String(error)}`,
          'see whether it runs with: warrenctl lab status; start it again with: warrenctl lab up',
        );
      });
      if (answer.status >= 300) throw refusal(answer.status, answer.body);
      return answer.body;
    },
  };
}

/** `body` is undefined when the answer is no JSON. */
async function exchange(url: URL, options: RequestOptions, text: string): Promise<{ status: number; body: unknown }> {
  const sent = request(url, options);
  sent.end(text);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: parseJson(await textOf(response)) };
}

function refusal(status: number, answer: unknown): ApiRefusal {
  const parsed = statusSchema.safeParse(answer);
  return new ApiRefusal(
    status,
    parsed.success ? (parsed.data.message ?? parsed.data.reason ?? '') : `status ${status}`,
  );
}

const groupPath = (groupVersion: string): string =>
  groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`;

/** Every resource that the server has, core first; subresources are left out. */
export async function discover(api: ApiClient): Promise<readonly ApiResource[]> {
  const { groups } = groupListSchema.parse(await api.request('/apis'));
  const versions = ['v1', ...groups.map((group) => group.preferredVersion.groupVersion)];
  const lists = await Promise.all(versions.map((version) => discoverVersion(api, version)));
  return lists.flat();
}

export async function discoverVersion(api: ApiClient, groupVersion: string): Promise<readonly ApiResource[]> {
  const { resources } = resourceListSchema.parse(await api.request(groupPath(groupVersion)));
  return resources.filter(({ name }) => !name.includes('/')).map((resource) => ({ ...resource, groupVersion }));
}

/** `/apis/warren.dev/v1alpha1/networks/blue`; without a name the collection. */
export function resourcePath(resource: ApiResource, namespace?: string, name?: string): string {
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${groupPath(resource.groupVersion)}${scope}/${resource.name}${object}`;
}

/** The server's own columns (`meta.k8s.io/v1 Table`), those for a wide terminal left out. */
export async function getTable(api: ApiClient, path: string): Promise<readonly (readonly string[])[]> {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const table = tableSchema.parse(await api.request(path, { accept }));
  const shown = table.columnDefinitions.flatMap((column, i) => (column.priority === 0 ? [i] : []));
  const pick = (cells: readonly unknown[]): readonly string[] => shown.map((i) => cellText(cells[i]));
  return [
    shown.map((i) => (table.columnDefinitions[i]?.name ?? '').toUpperCase()),
    ...(table.rows ?? []).map((row) => pick(row.cells)),
  ];
}

const cellText = (cell: unknown): string =>
  typeof cell === 'string' ? cell : cell === undefined || cell === null ? '' : JSON.stringify(cell);
