/** Faults on demand: what a network and a loaded server do to clients, for as long as somebody asks for it. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { OpenWatch, Watchers } from './watchers.ts';

/** Whom a fault meets; an absent field means all. */
const scope = {
  /** A user's name, such as `system:node:n1`. */
  user: z.string().optional(),
  /** A plural, such as `networkendpoints`. */
  resource: z.string().optional(),
  /** Ends by itself after this time; absent: until it is removed. */
  durationSeconds: z.number().positive().optional(),
};

export const faultParser = z.discriminatedUnion('kind', [
  /** Connections are reset, open watches too. */
  z.strictObject({ kind: z.literal('refuse'), ...scope }),
  /** Answers begin this much later. */
  z.strictObject({ kind: z.literal('delay'), milliseconds: z.number().min(0).max(600_000), ...scope }),
  /** Answers are this error, at this rate. */
  z.strictObject({
    kind: z.literal('error'),
    code: z.union([z.literal(429), z.literal(500), z.literal(503)]).default(500),
    rate: z.number().min(0).max(1).default(1),
    retryAfterSeconds: z.number().int().min(0).default(1),
    ...scope,
  }),
  /** Watches stay open but send nothing; what they held back is sent when it ends. */
  z.strictObject({ kind: z.literal('stall'), ...scope }),
  /** At once: open watches lose their connection. */
  z.strictObject({ kind: z.literal('drop'), ...scope }),
  /** At once: all history is compacted; with `watches`, open watches are told so (410) as well. */
  z.strictObject({ kind: z.literal('expire'), watches: z.boolean().default(false), ...scope }),
]);
export type FaultSpec = z.input<typeof faultParser>;
export type Fault = z.output<typeof faultParser> & { readonly id: string };

/** What a request is met by. */
interface Target {
  readonly user: string;
  readonly plural: string;
}

const covers = (fault: Fault, { user, plural }: Target): boolean =>
  (fault.user === undefined || fault.user === user) && (fault.resource === undefined || fault.resource === plural);

export interface FaultSurroundings {
  readonly watchers: Watchers;
  /** Forgets all history of the store. */
  compact(): void;
}

export class Faults {
  readonly #active = new Map<string, Fault>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #surroundings: FaultSurroundings;

  constructor(surroundings: FaultSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Starts a fault; `drop` and `expire` are over when this returns. Throws ZodError for what is no fault. */
  add(spec: FaultSpec): Fault {
    const fault: Fault = { ...faultParser.parse(spec), id: randomUUID() };
    if (fault.kind === 'drop' || fault.kind === 'refuse') this.#each(fault, (watch) => watch.drop());
    if (fault.kind === 'expire') this.#expire(fault);
    if (fault.kind === 'drop' || fault.kind === 'expire') return fault;
    this.#active.set(fault.id, fault);
    if (fault.durationSeconds !== undefined) {
      this.#timers.set(fault.id, setTimeout(() => this.remove(fault.id), fault.durationSeconds * 1000).unref());
    }
    return fault;
  }

  /** Ends a fault; false when there is none of that id. */
  remove(id: string): boolean {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    const existed = this.#active.delete(id);
    if (existed) for (const watch of this.#surroundings.watchers.all()) watch.wake();
    return existed;
  }

  clear(): void {
    for (const id of [...this.#active.keys()]) this.remove(id);
  }

  list(): Fault[] {
    return [...this.#active.values()];
  }

  /** The faults that a request meets, in the order in which they were added. */
  of(target: Target): Fault[] {
    return this.#active.size === 0 ? [] : this.list().filter((fault) => covers(fault, target));
  }

  stalls(target: Target): boolean {
    return this.of(target).some((fault) => fault.kind === 'stall');
  }

  #expire(fault: Fault & { kind: 'expire' }): void {
    this.#surroundings.compact();
    if (fault.watches) this.#each(fault, (watch) => watch.expire());
  }

  #each(fault: Fault, act: (watch: OpenWatch) => void): void {
    for (const watch of this.#surroundings.watchers.all()) if (covers(fault, watch)) act(watch);
  }
}
