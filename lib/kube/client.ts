/** Typed access to the Kubernetes API, as the agent, the controller and warrenctl use it. */
import type { Resource } from '../api/meta.ts';
import type { Unreadable } from './object.ts';
import type { WatchEvent } from './watch.ts';

export interface CallOptions {
  readonly namespace?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Default 10 s. */
  readonly timeoutMs?: number | undefined;
}

export interface Selectors {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends CallOptions, Selectors {
  /** Objects per request; the pages are joined. Default 500. */
  readonly limit?: number | undefined;
}

export interface WatchOptions extends Selectors {
  readonly namespace?: string | undefined;
  readonly resourceVersion: string;
  /** After how long the server ends the watch by itself. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** The server has accepted the watch. */
  readonly onOpen?: (() => void) | undefined;
}

export interface Listed<T> {
  readonly items: readonly T[];
  /** Where a watch continues. */
  readonly resourceVersion: string;
  readonly unreadable: readonly Unreadable[];
}

/** Every call throws ApiError. Writes are retried by their callers: `retryable` says whether that can help. */
export interface KubeClient {
  get<T>(resource: Resource<T>, name: string, options?: CallOptions): Promise<T>;
  list<T>(resource: Resource<T>, options?: ListOptions): Promise<Listed<T>>;
  /** `body` without apiVersion and kind. */
  create<T>(resource: Resource<T>, body: object, options?: CallOptions): Promise<T>;
  /** JSON merge patch (RFC 7386). A `metadata.resourceVersion` in it makes the server refuse with Conflict when it is not the current one. */
  patch<T>(
    resource: Resource<T>,
    name: string,
    mergePatch: object,
    options?: CallOptions & { readonly subresource?: 'status' },
  ): Promise<T>;
  /** False when it was not there, or there with another uid than the one given. */
  delete(
    resource: Resource<unknown>,
    name: string,
    options?: CallOptions & { readonly uid?: string | undefined },
  ): Promise<boolean>;
  /** One watch request: resolves when the server ends it, throws when the connection breaks or the version is too old. */
  watch(resource: Resource<unknown>, options: WatchOptions, onEvent: (event: WatchEvent) => void): Promise<void>;
  /** Closes idle connections. */
  close(): void;
}
