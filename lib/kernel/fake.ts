/**
 * A kernel in memory, for tests of what decides: the rules that decisions meet (what must exist, what cannot exist twice, what goes
 * away with what) are written down here once more, apart from the planner that relies on them. Nothing in production uses it.
 */
import { type KernelObject, type NetnsRef, objectKey } from '../dataplane/object.ts';
import type { Applied, FailedOp, Kernel, Op } from '../dataplane/op.ts';
import { describeObject, renderObjects } from '../dataplane/text.ts';
import { Blocked, BlockedError } from './apply/blocked.ts';
import { FakeState } from './fake-state.ts';

export interface FakeKernel extends Kernel {
  /** All there is, in the order of its making. */
  objects(): readonly KernelObject[];
  /** The same as `ip`, `bridge` and `nft` text. */
  text(): string;
  /** Refuses ops from now on: those that the predicate picks. Returns its undoing. */
  refuse(isRefused: (op: Op) => boolean): () => void;
  /** Someone else's doing, which watchers hear of: `ip link del`, an FDB entry flushed. Throws Error where the kernel would refuse. */
  byHand(op: Op): void;
  /** Every op that was tried, in order, refused ones too. */
  readonly tried: readonly Op[];
}

export function createFakeKernel(initial: readonly KernelObject[] = []): FakeKernel {
  const state = new FakeState();
  for (const object of initial) state.create(object);
  const refusals = new Set<(op: Op) => boolean>();
  const watchers = new Set<(netns: NetnsRef) => void>();
  const tried: Op[] = [];

  const carryOut = (op: Op): void => {
    if ([...refusals].some((isRefused) => isRefused(op))) throw new Error('EIO (refused by the test)');
    step(state, op);
  };
  const tell = (ops: readonly Op[]): void => {
    for (const netns of new Set(ops.map((op) => op.object.netns))) for (const changed of watchers) changed(netns);
  };
  return {
    tried,
    objects: () => state.all(),
    text: () => renderObjects(state.all()),
    observe: (netns) => Promise.resolve(state.all().filter((object) => object.netns === netns)),
    listNetns: () => Promise.resolve(ownNetns(state.all())),
    apply: (ops) => {
      tried.push(...ops);
      const applied = attempt(ops, carryOut);
      tell(applied.done);
      return Promise.resolve(applied);
    },
    watch: (changed) => {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
    refuse: (isRefused) => {
      refusals.add(isRefused);
      return () => refusals.delete(isRefused);
    },
    byHand: (op) => {
      step(state, op);
      tell([op]);
    },
    close: () => Promise.resolve(),
  };
}

const ownNetns = (objects: readonly KernelObject[]): NetnsRef[] =>
  objects.flatMap((object) => (object.kind === 'netns' ? [object.netns] : []));

function attempt(ops: readonly Op[], carryOut: (op: Op) => void): Applied {
  const done: Op[] = [];
  const failed: FailedOp[] = [];
  const blocked = new Blocked(ops);
  for (const op of ops) {
    const cause = blocked.causeOf(op);
    const error = cause ? new BlockedError(op, cause) : errorOf(op, carryOut);
    if (error) failed.push({ op, error });
    else done.push(op);
    if (error) blocked.failed(op, cause ?? error);
  }
  return { done, failed };
}

function errorOf(op: Op, carryOut: (op: Op) => void): Error | undefined {
  try {
    carryOut(op);
    return undefined;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new Error(`cannot ${op.kind} ${describeObject(op.object)}: ${reason}`, { cause });
  }
}

function step(state: FakeState, op: Op): void {
  if (op.kind === 'create') state.create(op.object);
  else if (op.kind === 'change') state.change(op.object);
  else state.delete(objectKey(op.object));
}
