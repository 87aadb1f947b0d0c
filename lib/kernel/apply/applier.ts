/** Carries out plans, step by step. */
import type { NetnsRef, Sysctl } from '../../dataplane/object.ts';
import type { Applied, Op } from '../../dataplane/op.ts';
import { hasCode } from '../error.ts';
import { NoNetnsError, withNetns } from '../netns/enter.ts';
import type { NftDriver, NftOp } from '../nft/contract.ts';
import type { SysctlKeys } from '../sysctl/keys.ts';
import { writeSysctl } from '../sysctl/sysctl.ts';
import { describe } from './describe.ts';
import { applyNetnsOp } from './netns-step.ts';
import { Round } from './round.ts';
import { type RouteStep, applyRouteStep } from './route-step.ts';
import { BridgeIndexes, LinkIndexes, type Outcome, type Session, Sockets } from './session.ts';
import {
  type OpOn,
  type Step,
  type UnlinkOp,
  isNetnsOp,
  isNftOp,
  isRouteOp,
  isSysctlOp,
  isUnlinkOp,
  stepsOf,
  wavesOf,
} from './step.ts';
import { Unlinker } from './unlinker.ts';

export interface ApplierOptions {
  readonly nft: NftDriver;
  readonly sysctls: SysctlKeys;
  /** Told of each namespace in which something is done; never rejects. */
  readonly opened: (netns: NetnsRef, identity: string) => Promise<void>;
}

/** What was in a namespace is gone with it. */
const isDone = (op: Op, error: unknown): boolean =>
  op.kind === 'delete' && op.object.kind !== 'netns' && error instanceof NoNetnsError;

/** An op that failed as a whole step does. */
function outcomeOf(op: Op, error: unknown): Outcome {
  if (isDone(op, error)) return undefined;
  const reason = error instanceof Error ? error : new Error(String(error));
  return new Error(`cannot ${describe(op)}: ${reason.message}`, { cause: reason });
}

export class Applier {
  readonly #options: ApplierOptions;
  readonly #unlinker = new Unlinker();
  readonly #bridges = new BridgeIndexes();

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async apply(ops: readonly Op[]): Promise<Applied> {
    const round = new Round(ops);
    using sockets = new Sockets(this.#options.opened);
    const session: Session = { sockets, indexes: new LinkIndexes(this.#bridges) };
    for (const wave of wavesOf(stepsOf(ops))) await Promise.all(wave.map((step) => this.#step(step, session, round)));
    await sockets.settled();
    const applied = round.applied();
    this.#bridges.learn(applied, session.indexes);
    return applied;
  }

  /** When the kernel has answered everything. */
  async idle(): Promise<void> {
    await this.#unlinker.idle();
  }

  /** What depends on a failure is not tried, or is told why it failed if it was sent with it. */
  async #step(step: Step, session: Session, round: Round): Promise<void> {
    const tried = { ...step, ends: round.triable(step.ends), ops: round.triable(step.ops) };
    const parts = [...tried.ends, ...tried.ops];
    const results = await this.#try(tried, session).catch((error: unknown) => parts.map((op) => outcomeOf(op, error)));
    round.tell(new Map(parts.map((op, at) => [op, results[at]])), [...step.ends, ...step.ops]);
  }

  /** One outcome each of the ends and of the ops, in this order. */
  async #try({ lane, netns, ends, ops }: Step, session: Session): Promise<Outcome[]> {
    switch (lane) {
      case 'netns':
        return this.#netns(ops, session);
      case 'sysctl':
        return withNetns(netns, () => ops.filter(isSysctlOp).map((op) => this.#sysctl(op)));
      case 'nft':
        return this.#nft(netns, ops.filter(isNftOp));
      case 'unlink':
        return this.#unlink(netns, ops.filter(isUnlinkOp), session);
      case 'route':
        return this.#route({ netns, ends, ops: ops.filter(isRouteOp) }, session);
    }
  }

  async #netns(ops: readonly Op[], session: Session): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const op of ops.filter(isNetnsOp)) {
      const work = applyNetnsOp(op, session, this.#unlinker);
      outcomes.push(
        await work.then(
          () => undefined,
          (error: unknown) => outcomeOf(op, error),
        ),
      );
      if (op.kind === 'delete') this.#options.sysctls.forget(op.object.netns);
    }
    return outcomes;
  }

  /** A value has no absence to go back to, so that a deletion leaves it, and only stops watching over it. */
  #sysctl({ kind, object }: OpOn<Sysctl>): Outcome {
    const { netns, key, value } = object;
    if (kind === 'delete') {
      this.#options.sysctls.remove(netns, key);
      return undefined;
    }
    try {
      writeSysctl(key, value);
      this.#options.sysctls.add(netns, key);
      return undefined;
    } catch (error) {
      return outcomeOf({ kind: 'create', object }, error);
    }
  }

  async #nft(netns: NetnsRef, ops: readonly NftOp[]): Promise<Outcome[]> {
    const outcomes = await this.#options.nft.apply(netns, ops, (inNetns) => withNetns(netns, inNetns));
    return ops.map((op, at) => (isDone(op, outcomes[at]) ? undefined : outcomes[at]));
  }

  #unlink(netns: NetnsRef, ops: readonly UnlinkOp[], session: Session): Promise<Outcome[]> {
    const names = ops.map(({ object }) => object.name);
    return this.#unlinker.now(netns, names, session);
  }

  /** A VXLAN device that is on its way out may still have the VNI of one that is made: then what failed is tried once more. */
  async #route(step: RouteStep, session: Session): Promise<Outcome[]> {
    const outcomes = await applyRouteStep(step, session);
    const parts = [...step.ends, ...step.ops];
    const isClash = parts.some(({ object }, at) => object.kind === 'vxlan' && hasCode(outcomes[at], 'EEXIST'));
    if (!isClash || !this.#unlinker.isBusy()) return outcomes;
    await this.#unlinker.idle();
    const failed = new Set<Op>(parts.filter((_, at) => outcomes[at]));
    const rest = {
      ...step,
      ends: step.ends.filter((op) => failed.has(op)),
      ops: step.ops.filter((op) => failed.has(op)),
    };
    const again = await applyRouteStep(rest, session);
    return outcomes.map((outcome) => outcome && again.shift());
  }
}
