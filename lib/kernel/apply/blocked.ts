/** One failure blocks what depends on it, and nothing else. */
import { objectKey } from '../../dataplane/object.ts';
import type { Op } from '../../dataplane/op.ts';
import { linkMakers, requisites } from '../../dataplane/relation.ts';
import { describe } from './describe.ts';

/** The error of an op that was not carried out, or failed, because another one failed before. `cause` is that one's error. */
export class BlockedError extends Error {
  override readonly name = 'BlockedError';

  constructor(op: Op, cause: Error) {
    super(`cannot ${describe(op)}: it depends on what failed before: ${cause.message}`, { cause });
  }
}

/** The failures of one plan. */
export class Blocked {
  readonly #makers: ReadonlyMap<string, string>;
  readonly #missing = new Map<string, Error>();

  constructor(plan: readonly Op[]) {
    this.#makers = linkMakers(plan.map(({ object }) => object));
  }

  /** The failure that `op` depends on. A deletion depends on nothing: what is not there need not go. */
  causeOf({ kind, object }: Op): Error | undefined {
    if (kind === 'delete') return undefined;
    return requisites(object, this.#makers)
      .map((key) => this.#missing.get(key))
      .find((error) => error !== undefined);
  }

  /** `error`: the first cause. An object whose change failed is still there; one that could not be made is not. */
  failed({ kind, object }: Op, error: Error): void {
    if (kind === 'create') this.#missing.set(objectKey(object), error);
  }
}
