/** Lists, page by page. */
import * as z from 'zod';
import type { Resource } from '../api/meta.ts';
import type { Listed, ListOptions } from './client.ts';
import { isExpired } from './error.ts';
import { parseObject, readObject, type Unreadable } from './object.ts';
import { objectPath, queryString } from './path.ts';
import type { Transport } from './transport.ts';

const LIST_TIMEOUT_MS = 60_000;
const PAGE_SIZE = 500;

/** What every list has; its items are parsed one by one, so that a bad one spoils nothing else. */
const listSchema = z.object({
  metadata: z.object({ resourceVersion: z.string().default(''), continue: z.string().optional() }),
  items: z.array(z.unknown()).nullish(),
});
export async function listPages<T>(
  transport: Transport,
  resource: Resource<T>,
  options: ListOptions,
): Promise<Listed<T>> {
  try {
    return await readPages(transport, resource, { ...options, limit: options.limit ?? PAGE_SIZE });
  } catch (error) {
    // The continue token outlived the server's history: one answer with everything needs none.
    if (!isExpired(error)) throw error;
    return readPages(transport, resource, { ...options, limit: undefined });
  }
}

async function readPages<T>(transport: Transport, resource: Resource<T>, options: ListOptions): Promise<Listed<T>> {
  const items: T[] = [];
  const unreadable: Unreadable[] = [];
  const { labelSelector, fieldSelector, limit } = options;
  for (let token: string | undefined; ;) {
    const query = queryString({ labelSelector, fieldSelector, limit, continue: token });
    const path = objectPath(resource, { namespace: options.namespace }) + query;
    const timeoutMs = options.timeoutMs ?? LIST_TIMEOUT_MS;
    const text = await transport.send({ method: 'GET', path, signal: options.signal, timeoutMs });
    const page = parseObject(listSchema, path, text);
    for (const item of page.items ?? []) {
      const read = readObject(resource, item);
      if (read?.kind === 'object') items.push(read.object);
      else if (read) unreadable.push(read.unreadable);
    }
    token = page.metadata.continue || undefined;
    if (token === undefined) return { items, unreadable, resourceVersion: page.metadata.resourceVersion };
  }
}
