/**
 * Keeps the kernel as it should be, one scope at a time. A scope is the namespace of a bridge (the host's for the gateway, one
 * per joined network) with what its veth pairs bring into containers. Everything goes the same way: desired, reached
 * (observed, or known from the last apply), plan, apply.
 */
import type { Applied, FailedOp, Kernel, Op } from '../dataplane/op.ts';
import { type KernelObject, type NetnsRef, objectKey } from '../dataplane/object.ts';
import { plan } from '../dataplane/plan.ts';
import { createKeyedLock } from './keyed-lock.ts';

export interface ScopeOptions {
  readonly kernel: Pick<Kernel, 'observe' | 'apply'>;
  /** All that should be in a scope and in the containers on it, from what the agent knows at this moment. */
  readonly desired: (scope: NetnsRef) => readonly KernelObject[];
  /** Whether anything at all should be in a scope. */
  readonly isWanted: (scope: NetnsRef) => boolean;
  /** False until the first complete sync: before it nothing may be deleted that we merely do not know yet. */
  readonly maySweep: () => boolean;
  readonly onApplied?: (scope: NetnsRef, applied: Applied) => void;
}

export interface Scopes {
  /** Brings a whole scope to its desired state; `observe` looks at the kernel first instead of trusting what was reached. */
  reconcile(scope: NetnsRef, how: 'reached' | 'observe'): Promise<readonly FailedOp[]>;
  /** Makes these objects; the whole scope where it is not there yet. What fails of other containers' parts is not told. */
  ensure(scope: NetnsRef, objects: readonly KernelObject[]): Promise<readonly FailedOp[]>;
  /** Removes these objects as far as they are there; the whole scope when nothing is wanted in it any more. */
  remove(scope: NetnsRef, objects: readonly KernelObject[]): Promise<readonly FailedOp[]>;
  /** What CHECK compares: the ops that would be needed for these objects, by what the kernel really holds. */
  missing(scope: NetnsRef, objects: readonly KernelObject[]): Promise<readonly Op[]>;
  idle(): Promise<void>;
}

type Reached = Map<string, KernelObject>;

export const createScopes = (options: ScopeOptions): Scopes => new KernelScopes(options);

class KernelScopes implements Scopes {
  readonly #options: ScopeOptions;
  readonly #known = new Map<NetnsRef, Reached>();
  /** Where what every interface depends on has been made since the start, and since any of it failed. */
  readonly #founded = new Set<NetnsRef>();
  readonly #lock = createKeyedLock();

  constructor(options: ScopeOptions) {
    this.#options = options;
  }

  reconcile(scope: NetnsRef, how: 'reached' | 'observe'): Promise<readonly FailedOp[]> {
    return this.#lock.run(scope, async () => {
      const reached = how === 'observe' ? await this.#observe(scope) : await this.#reached(scope);
      const ops = plan(this.#options.desired(scope), [...reached.values()]);
      const allowed = this.#options.maySweep() ? ops : ops.filter((op) => op.kind !== 'delete');
      return this.#applyWhole(scope, reached, allowed);
    });
  }

  ensure(scope: NetnsRef, objects: readonly KernelObject[]): Promise<readonly FailedOp[]> {
    return this.#lock.run(scope, async () => {
      const reached = await this.#reached(scope);
      if (this.#founded.has(scope) && hasBridge(reached))
        return this.#apply(scope, reached, plan(objects, among(reached, objects)));
      const wanted = this.#options.desired(scope);
      const failed = await this.#applyWhole(scope, reached, plan(wanted, among(reached, wanted)));
      const own = new Set(objects.map(objectKey));
      return failed.filter(({ op }) => own.has(objectKey(op.object)) || isShared(scope, op.object));
    });
  }

  remove(scope: NetnsRef, objects: readonly KernelObject[]): Promise<readonly FailedOp[]> {
    return this.#lock.run(scope, async () => {
      const reached = await this.#reached(scope);
      const leaving = this.#options.isWanted(scope) ? among(reached, objects) : [...reached.values()];
      return this.#apply(scope, reached, plan([], leaving));
    });
  }

  missing(scope: NetnsRef, objects: readonly KernelObject[]): Promise<readonly Op[]> {
    return this.#lock.run(scope, async () => {
      const seen = await this.#look([scope, ...containerNetns(scope, objects)]);
      return plan(objects, among(index(seen), objects));
    });
  }

  idle(): Promise<void> {
    return this.#lock.idle();
  }

  async #reached(scope: NetnsRef): Promise<Reached> {
    return this.#known.get(scope) ?? (await this.#observe(scope));
  }

  async #observe(scope: NetnsRef): Promise<Reached> {
    const own = await this.#look([scope]);
    const before = this.#known.get(scope);
    const inContainers =
      before === undefined
        ? await this.#observeContainers(scope)
        : [...before.values()].filter((object) => object.netns !== scope);
    const carriers = new Set(own.flatMap(carriedLink));
    const reached = index([...own, ...inContainers.filter((object) => carriers.has(linkOf(object)))]);
    this.#known.set(scope, reached);
    return reached;
  }

  /**
   * A container's own addresses and routes are looked at once, after a start: later plugins may change them (CNI's CHECK
   * tolerates that), so what is there under our key counts as ours whatever its attributes.
   */
  async #observeContainers(scope: NetnsRef): Promise<readonly KernelObject[]> {
    const wanted = this.#options.desired(scope);
    const seen = index(await this.#look(containerNetns(scope, wanted)));
    return wanted.filter((object) => object.netns !== scope && seen.has(objectKey(object)));
  }

  async #look(places: readonly NetnsRef[]): Promise<readonly KernelObject[]> {
    return (await Promise.all(places.map((netns) => this.#options.kernel.observe(netns)))).flat();
  }

  async #apply(scope: NetnsRef, reached: Reached, ops: readonly Op[]): Promise<readonly FailedOp[]> {
    if (ops.length === 0) return [];
    const applied = await this.#options.kernel.apply(ops);
    for (const op of applied.done) record(reached, op);
    // What failed may have half happened: the next round looks.
    if (applied.failed.length > 0) this.#known.delete(scope);
    if (applied.failed.some(({ op }) => isShared(scope, op.object))) this.#founded.delete(scope);
    this.#options.onApplied?.(scope, applied);
    return applied.failed;
  }

  /** `ops` lead to all that is desired. */
  async #applyWhole(scope: NetnsRef, reached: Reached, ops: readonly Op[]): Promise<readonly FailedOp[]> {
    this.#founded.add(scope);
    return this.#apply(scope, reached, ops);
  }
}

/** What every interface on a scope depends on; the rest of it is another container's or a peer's. */
const isShared = (scope: NetnsRef, { netns, kind }: KernelObject): boolean => netns === scope && SHARED.includes(kind);
const SHARED: readonly string[] = ['netns', 'sysctl', 'nft-table', 'bridge', 'vxlan', 'address'];

const hasBridge = (reached: Reached): boolean => [...reached.values()].some(({ kind }) => kind === 'bridge');

const index = (objects: readonly KernelObject[]): Reached =>
  new Map(objects.map((object) => [objectKey(object), object]));

/** A link inside a container, by which its addresses and routes find the veth that brings them there. */
const linkOf = (object: KernelObject): string => ('link' in object ? `${object.netns} ${object.link}` : '');
const carriedLink = (object: KernelObject): readonly string[] =>
  object.kind === 'veth' ? [`${object.peer.netns} ${object.peer.name}`] : [];

function among(reached: Reached, objects: readonly KernelObject[]): KernelObject[] {
  return objects.flatMap((object) => reached.get(objectKey(object)) ?? []);
}

function containerNetns(scope: NetnsRef, objects: readonly KernelObject[]): readonly NetnsRef[] {
  return [...new Set(objects.map((object) => object.netns).filter((netns) => netns !== scope))];
}

/** A deleted link or namespace takes with it what hangs on it: forget that too, so that it is made again when wanted. */
function record(reached: Reached, op: Op): void {
  if (op.kind !== 'delete') {
    reached.set(objectKey(op.object), op.object);
    return;
  }
  const gone = op.object;
  if (gone.kind === 'netns') reached.clear();
  for (const [key, object] of reached) if (key === objectKey(gone) || goesWith(object, gone)) reached.delete(key);
}

function goesWith(object: KernelObject, gone: KernelObject): boolean {
  if (gone.kind !== 'veth' && gone.kind !== 'bridge' && gone.kind !== 'vxlan') return false;
  const hangsOn = (netns: NetnsRef, link: string): boolean =>
    object.netns === netns &&
    (('link' in object && object.link === link) || (object.kind === 'port' && object.name === link));
  return hangsOn(gone.netns, gone.name) || (gone.kind === 'veth' && hangsOn(gone.peer.netns, gone.peer.name));
}
