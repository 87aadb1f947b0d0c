/** The KubeClient over HTTP. */
import type { KubeConfig } from '@kubernetes/client-node';
import type { Resource } from '../api/meta.ts';
import type { CallOptions, KubeClient, WatchOptions } from './client.ts';
import { type ConfigSource, loadKubeConfig } from './config.ts';
import { hasReason } from './error.ts';
import { listPages } from './list.ts';
import { parseObject, typeOf } from './object.ts';
import { objectPath, queryString } from './path.ts';
import { createTransport, type Transport } from './transport.ts';
import { readWatchLines, type WatchEvent } from './watch.ts';

/** Throws an Error that a person can act on when there is no usable configuration. */
export const connect = (source: ConfigSource & { readonly userAgent?: string } = {}): KubeClient =>
  createKubeClient(loadKubeConfig(source), source.userAgent);

export function createKubeClient(config: KubeConfig, userAgent = 'warren'): KubeClient {
  const transport = createTransport(config, userAgent);
  return {
    get: async (resource, name, options = {}) => {
      const path = objectPath(resource, { ...options, name });
      return parseObject(resource.schema, path, await transport.send({ method: 'GET', path, ...limits(options) }));
    },
    list: (resource, options = {}) => listPages(transport, resource, options),
    create: async (resource, body, options = {}) => {
      const path = objectPath(resource, { namespace: options.namespace });
      const text = JSON.stringify({ ...typeOf(resource), ...body });
      return parseObject(
        resource.schema,
        path,
        await transport.send({ method: 'POST', path, body: text, ...limits(options) }),
      );
    },
    patch: async (resource, name, mergePatch, options = {}) => {
      const path = objectPath(resource, { ...options, name });
      const call = { method: 'PATCH', path, contentType: 'application/merge-patch+json' } as const;
      const text = JSON.stringify(mergePatch);
      return parseObject(resource.schema, path, await transport.send({ ...call, body: text, ...limits(options) }));
    },
    delete: (resource, name, options = {}) => deleteObject(transport, resource, name, options),
    watch: (resource, options, onEvent) => watchOnce(transport, resource, options, onEvent),
    close: () => transport.close(),
  };
}

const DEFAULT_TIMEOUT_MS = 10_000;

const limits = ({ signal, timeoutMs = DEFAULT_TIMEOUT_MS }: CallOptions) => ({ signal, timeoutMs });

async function deleteObject(
  transport: Transport,
  resource: Resource<unknown>,
  name: string,
  options: CallOptions & { readonly uid?: string | undefined },
): Promise<boolean> {
  const path = objectPath(resource, { ...options, name });
  const preconditions = options.uid === undefined ? {} : { preconditions: { uid: options.uid } };
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', ...preconditions });
  try {
    await transport.send({ method: 'DELETE', path, body, ...limits(options) });
    return true;
  } catch (error) {
    const isAnother = options.uid !== undefined && hasReason(error, 'Conflict');
    if (hasReason(error, 'NotFound') || isAnother) return false;
    throw error;
  }
}

/** How long the server may take to accept a watch. */
const WATCH_START_MS = 15_000;

async function watchOnce(
  transport: Transport,
  resource: Resource<unknown>,
  { namespace, signal, onOpen, ...of }: WatchOptions,
  onEvent: (event: WatchEvent) => void,
): Promise<void> {
  const query = queryString({ ...of, watch: true, allowWatchBookmarks: true });
  const path = objectPath(resource, { namespace }) + query;
  const onText = readWatchLines(path, onEvent);
  await transport.stream({ method: 'GET', path, signal, timeoutMs: WATCH_START_MS }, { onOpen, onText });
}
