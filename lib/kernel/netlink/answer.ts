/** What comes back to requests, put together message by message. */
import { type Ack, decodeAck } from './ack.ts';
import { type Message, NLMSG_DONE, NLMSG_ERROR, NLM_F_DUMP_INTR } from './message.ts';

export interface Answer extends Ack {
  /** What a query brought, each in a buffer of its own. */
  readonly payloads: readonly Buffer[];
}

/** Puts what comes back to the requests of one batch, which have consecutive sequence numbers. */
export class Answers {
  readonly #first: number;
  readonly #acks: (Ack | undefined)[];
  readonly #payloads: Buffer[][];
  #missing: number;

  constructor(first: number, count: number) {
    this.#first = first;
    this.#acks = Array.from({ length: count }, () => undefined);
    this.#payloads = Array.from({ length: count }, () => []);
    this.#missing = count;
  }

  add(message: Message): void {
    const at = message.sequence - this.#first;
    if (message.type !== NLMSG_ERROR) {
      this.#payloads[at]?.push(Buffer.from(message.payload));
    } else if (at in this.#acks && !this.#acks[at]) {
      this.#acks[at] = decodeAck(message);
      this.#missing--;
    }
  }

  isComplete(): boolean {
    return this.#missing === 0;
  }

  inOrder(): Answer[] {
    return this.#payloads.map((payloads, at) => ({ errno: 0, ...this.#acks[at], payloads }));
  }
}

/** Collects a dump, message by message. */
export class Dump<T> {
  readonly #decode: (payload: Buffer) => T;
  readonly #found: T[] = [];
  #wasInterrupted = false;
  #end: Ack | undefined;

  constructor(decode: (payload: Buffer) => T) {
    this.#decode = decode;
  }

  add(message: Message): void {
    if (message.flags & NLM_F_DUMP_INTR) this.#wasInterrupted = true;
    if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) this.#end = decodeAck(message);
    else this.#found.push(this.#decode(message.payload));
  }

  /** How the dump ended; undefined while it goes on. */
  end(): Ack | undefined {
    return this.#end;
  }

  /** Undefined when the table changed meanwhile, so that this is not one state of it. */
  whole(): T[] | undefined {
    return this.#wasInterrupted ? undefined : this.#found;
  }
}
