/** What the steps of one plan share: open sockets and the indexes of links. Both end with the plan. */
import { randomInt } from 'node:crypto';
import type { NetnsRef } from '../../dataplane/object.ts';
import type { Applied } from '../../dataplane/op.ts';
import { RouteSocket } from '../netlink/socket.ts';
import { withNetns } from '../netns/enter.ts';

/** Above what the kernel hands out itself, below what netlink's signed field holds. */
const FIRST_INDEX = 1 << 20;
const LAST_INDEX = 2 ** 31 - 1;

export class Sockets implements Disposable {
  readonly #open = new Map<NetnsRef, RouteSocket>();
  readonly #opened: (netns: NetnsRef, identity: string) => Promise<void>;
  readonly #told: Promise<void>[] = [];

  /** `opened` is told of each namespace, and need not hold up what is done there. */
  constructor(opened: (netns: NetnsRef, identity: string) => Promise<void>) {
    this.#opened = opened;
  }

  /** Throws KernelError as `withNetns` does. */
  in(netns: NetnsRef): RouteSocket {
    const known = this.#open.get(netns);
    if (known) return known;
    const socket = withNetns(netns, () => new RouteSocket());
    this.#open.set(netns, socket);
    this.#told.push(this.#opened(netns, socket.netns));
    return socket;
  }

  /** When `opened` has dealt with every namespace. */
  async settled(): Promise<void> {
    await Promise.all(this.#told);
  }

  /** An open socket keeps its namespace alive. */
  close(netns: NetnsRef): void {
    this.#open.get(netns)?.close();
    this.#open.delete(netns);
  }

  [Symbol.dispose](): void {
    for (const netns of this.#open.keys()) this.close(netns);
  }
}

/**
 * Indexes of links by name. We choose the index of a link that we make, so that the messages behind its creation in the same
 * batch mean that very link, or nothing when the creation fails: by name they could hit a stranger's. A number that is taken
 * already makes the creation fail with EBUSY.
 */
export class LinkIndexes {
  readonly #known = new Map<string, number>();
  readonly #bridges: BridgeIndexes;

  constructor(bridges: BridgeIndexes) {
    this.#bridges = bridges;
  }

  get(netns: NetnsRef, name: string): number | undefined {
    return this.#known.get(`${netns} ${name}`) ?? this.#bridges.get(netns, name);
  }

  set(netns: NetnsRef, name: string, index: number): void {
    this.#known.set(`${netns} ${name}`, index);
  }

  reserve(netns: NetnsRef, name: string): void {
    this.set(netns, name, randomInt(FIRST_INDEX, LAST_INDEX));
  }

  forget(netns: NetnsRef, name: string): void {
    this.#known.delete(`${netns} ${name}`);
  }
}

/** Indexes of bridges, which every port needs, from one plan to the next. One that is wrong makes a plan fail, and is looked up again. */
export class BridgeIndexes {
  readonly #known = new Map<NetnsRef, Map<string, number>>();

  get(netns: NetnsRef, name: string): number | undefined {
    return this.#known.get(netns)?.get(name);
  }

  learn({ done, failed }: Applied, indexes: LinkIndexes): void {
    for (const { kind, object } of done) {
      if (kind === 'delete') {
        if (object.kind === 'bridge' || object.kind === 'netns') this.#known.delete(object.netns);
      } else if (object.kind === 'port' || object.kind === 'bridge') {
        const name = object.kind === 'port' ? object.master : object.name;
        const index = indexes.get(object.netns, name);
        if (index !== undefined) this.#in(object.netns).set(name, index);
      }
    }
    for (const { op } of failed) this.#known.delete(op.object.netns);
  }

  #in(netns: NetnsRef): Map<string, number> {
    const known = this.#known.get(netns) ?? new Map<string, number>();
    this.#known.set(netns, known);
    return known;
  }
}

export interface Session {
  readonly sockets: Sockets;
  readonly indexes: LinkIndexes;
}

/** Of one op: undefined when it is done. */
export type Outcome = Error | undefined;
