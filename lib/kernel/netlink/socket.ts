/**
 * Netlink sockets: requests in, answers out. A socket speaks for the namespace in which it was opened, for as long as it is
 * open, and keeps that namespace alive: open late, close early. One caller at a time.
 */
import { closeSync } from 'node:fs';
import { KernelError, checked } from '../error.ts';
import { bind, getsockopt, inPool, lastErrno, recv, send, setsockopt, socket } from '../libc.ts';
import { type Answer, Answers, Dump } from './answer.ts';
import {
  type Message,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  type Request,
  decodeMessages,
  encodeMessage,
} from './message.ts';

export const AF_NETLINK = 16;
export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;
export const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_NETNS_COOKIE = 71;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const EINTR = 4;

/** ACKs of one batch must fit the receive buffer: an ACK that finds no room is lost. */
const RECEIVE_BUFFER = 4 << 20;
const BATCH = 100;
/** The kernel makes dumps of at most 32 KiB a datagram; a larger single message makes the buffer grow. */
const DATAGRAM = 32 << 10;
const DUMP_ATTEMPTS = 10;

export function u32Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Opens a netlink socket in the caller's namespace, member of multicast `groups` (a bit mask). */
export function openNetlink(protocol: number, groups = 0): number {
  const what = 'open a netlink socket';
  const fd = checked(what, socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(groups, 8);
  try {
    checked(what, setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, u32Bytes(RECEIVE_BUFFER), 4));
    checked(what, bind(fd, address, address.length));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return fd;
}

export class RouteSocket {
  /** Number of the namespace, never reused until the machine starts again (SO_NETNS_COOKIE, Linux 5.14). */
  readonly netns: string;
  readonly #fd: number;
  #buffer: Buffer;
  #sequence = 0;

  /** Call it inside the namespace that the socket is for. */
  constructor(datagram = DATAGRAM) {
    this.#fd = openNetlink(NETLINK_ROUTE);
    this.#buffer = Buffer.allocUnsafeSlow(datagram);
    for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK]) {
      // A kernel without the option gives fewer words or more entries: nothing that callers rely on.
      setsockopt(this.#fd, SOL_NETLINK, option, u32Bytes(1), 4);
    }
    try {
      this.netns = this.#cookie();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Sends all requests with as few system calls as possible: one answer each, in order, whether or not one fails. */
  async request(requests: readonly Request[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let at = 0; at < requests.length; at += BATCH) {
      answers.push(...(await this.#batch(requests.slice(at, at + BATCH))));
    }
    return answers;
  }

  /**
   * Everything that a query brings, as `decode` sees it. Begins again when the table changed meanwhile. Rejects with
   * KernelError; `what` words it.
   */
  async dump<T>(what: string, { type, payload }: Omit<Request, 'flags'>, decode: (payload: Buffer) => T): Promise<T[]> {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const found = await this.#dumpOnce(what, { type, flags: NLM_F_DUMP, payload }, decode);
      if (found) return found;
    }
    throw new KernelError(what, EINTR, `the table changed during each of ${DUMP_ATTEMPTS} dumps`);
  }

  close(): void {
    closeSync(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #cookie(): string {
    const cookie = Buffer.alloc(8);
    checked('identify a network namespace', getsockopt(this.#fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, u32Bytes(8)));
    return String(cookie.readBigUInt64LE());
  }

  /** In the pool, because the kernel may keep the sender waiting for the RTNL lock. */
  async #send(what: string, bytes: Buffer): Promise<void> {
    const { result, errno } = await inPool(send, this.#fd, bytes, bytes.length, 0);
    if (result < 0) throw new KernelError(what, errno);
  }

  #next({ type, flags, payload }: Request): Buffer {
    this.#sequence = (this.#sequence + 1) >>> 0;
    return encodeMessage({ type, flags: flags | NLM_F_REQUEST, sequence: this.#sequence, payload });
  }

  async #batch(requests: readonly Request[]): Promise<Answer[]> {
    const first = this.#sequence + 1;
    const bytes = requests.map((request) => this.#next({ ...request, flags: request.flags | NLM_F_ACK }));
    await this.#send('send requests to the kernel', Buffer.concat(bytes));
    const answers = new Answers(first, requests.length);
    // The kernel works while we send: all answers are there.
    while (!answers.isComplete()) for (const message of this.#receive()) answers.add(message);
    return answers.inOrder();
  }

  /** Undefined when the result is not one state of the table, or was cut. */
  async #dumpOnce<T>(what: string, request: Request, decode: (payload: Buffer) => T): Promise<T[] | undefined> {
    const dump = new Dump(decode);
    const bytes = this.#next(request);
    const sequence = this.#sequence;
    await this.#send(what, bytes);
    for (;;) {
      const messages = await this.#receiveInPool(what);
      if (!messages) return undefined;
      for (const message of messages) if (message.sequence === sequence) dump.add(message);
      const end = dump.end();
      if (end && end.errno !== 0) throw new KernelError(what, end.errno, end.text);
      if (end) return dump.whole();
    }
  }

  #receive(): Message[] {
    const length = recv(this.#fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT | MSG_TRUNC);
    if (length < 0) throw new KernelError('read the answer of the kernel', lastErrno());
    return decodeMessages(this.#buffer.subarray(0, length));
  }

  /** In the pool, because each read makes the kernel fill the next datagram. Undefined: it was too large, and was lost. */
  async #receiveInPool(what: string): Promise<Message[] | undefined> {
    const { result, errno } = await inPool(recv, this.#fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT | MSG_TRUNC);
    if (result < 0) throw new KernelError(what, errno);
    if (result > this.#buffer.length) {
      this.#buffer = Buffer.allocUnsafeSlow(result);
      return undefined;
    }
    return decodeMessages(this.#buffer.subarray(0, result));
  }
}
