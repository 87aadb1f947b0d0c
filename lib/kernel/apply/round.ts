/** What has become of the ops of one plan so far. An op may have parts in two steps. */
import type { Applied, Op } from '../../dataplane/op.ts';
import { Blocked, BlockedError } from './blocked.ts';
import type { Outcome } from './session.ts';

export class Round {
  readonly #ops: readonly Op[];
  readonly #blocked: Blocked;
  readonly #failed = new Map<Op, Error>();

  constructor(ops: readonly Op[]) {
    this.#ops = ops;
    this.#blocked = new Blocked(ops);
  }

  /** Those that depend on no failure, and whose other part has not failed. */
  triable<O extends Op>(ops: readonly O[]): O[] {
    return ops.filter((op) => !this.#failed.has(op) && !this.#blocked.causeOf(op));
  }

  /** `results` of what was tried among `ops`, in the order of the plan, so that a failure is known before what depends on it. */
  tell(results: ReadonlyMap<Op, Outcome>, ops: readonly Op[]): void {
    for (const op of ops) {
      if (this.#failed.has(op)) continue;
      const error = results.get(op);
      const cause = this.#blocked.causeOf(op);
      const isTold = cause !== undefined && (error !== undefined || !results.has(op));
      const first = isTold ? cause : error;
      if (!first) continue;
      this.#blocked.failed(op, first);
      this.#failed.set(op, isTold ? new BlockedError(op, first) : first);
    }
  }

  applied(): Applied {
    const failed = this.#ops.flatMap((op) => {
      const error = this.#failed.get(op);
      return error ? [{ op, error }] : [];
    });
    return { done: this.#ops.filter((op) => !this.#failed.has(op)), failed };
  }
}
