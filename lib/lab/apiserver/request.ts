/** A request for a resource, with everything read and checked that the handlers need. */
import type { IncomingMessage } from 'node:http';
import type { Backend } from './backend.ts';
import type { Representation } from './negotiate.ts';
import type { ResourcePath } from './path.ts';
import type { Served } from './registry.ts';
import type { ResourceType } from './resource.ts';
import type { User } from './user.ts';
import { type OptionsKind, readWriteOptions, type WriteOptions } from './write-options.ts';

export interface ApiRequest {
  readonly backend: Backend;
  readonly served: Served;
  readonly type: ResourceType;
  readonly path: ResourcePath;
  readonly query: URLSearchParams;
  readonly user: User;
  readonly representation: Representation;
  readonly message: IncomingMessage;
  /** Texts for `Warning` headers of the answer. */
  readonly warnings: string[];
}

/** A request that changes something. */
export interface WriteRequest extends ApiRequest {
  readonly options: WriteOptions;
}

/** Reads the options of a write. Throws 422. */
export function writeRequest(request: ApiRequest, kind: OptionsKind): WriteRequest {
  const agent = request.message.headers['user-agent'] ?? '';
  return { ...request, options: readWriteOptions(kind, request.query, agent) };
}
