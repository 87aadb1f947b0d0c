/**
 * An nfnetlink socket: dumps, and batches that the kernel carries out as one transaction. One caller at a time. Dumps are
 * synchronous, since reading takes no lock for which the kernel could keep us waiting; 1000 elements take a millisecond.
 */
import { close } from 'node:fs';
import { checked, KernelError } from '../error.ts';
import { inPool, lastErrno, recv, send, setsockopt } from '../libc.ts';
import { type Ack, decodeAck } from '../netlink/ack.ts';
import {
  decodeMessages,
  encodeMessage,
  type Message,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  type Request,
} from '../netlink/message.ts';
import { NETLINK_NETFILTER, openNetlink, SOL_NETLINK, u32Bytes } from '../netlink/socket.ts';
import { decodeGeneration } from './netfilter-decode.ts';
import { batchBegin, batchEnd, generationQuery, type Query } from './netfilter-message.ts';

const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const SOL_SOCKET = 1;
const SO_SNDBUFFORCE = 32;
const SEND_BUFFER = 4 << 20;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const EAGAIN = 11;
const EINTR = 4;
const DATAGRAM = 64 << 10;
const ATTEMPTS = 10;

export class NetfilterSocket {
  readonly #fd: number;
  #buffer = Buffer.allocUnsafeSlow(DATAGRAM);
  #sequence = 0;

  /** Call it inside the namespace that the socket is for. */
  constructor() {
    this.#fd = openNetlink(NETLINK_NETFILTER);
    setsockopt(this.#fd, SOL_SOCKET, SO_SNDBUFFORCE, u32Bytes(SEND_BUFFER), 4);
    // A kernel without these gives fewer words, nothing else.
    for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK]) setsockopt(this.#fd, SOL_NETLINK, option, u32Bytes(1), 4);
  }

  /** All requests or none. One ACK each: those with an error are the reason why nothing was done. */
  async transact(requests: readonly Request[]): Promise<readonly Ack[]> {
    const first = this.#sequence + 1;
    const last = requests.length - 1;
    const bytes = [batchBegin, ...requests, batchEnd].map((request, at) =>
      // Only the last one asks for an answer: the others speak when they fail.
      this.#encode({ ...request, flags: request.flags | (at - 1 === last ? NLM_F_ACK : 0) }),
    );
    await this.#send('change nftables', Buffer.concat(bytes));
    const acks: Ack[] = requests.map(() => ({ errno: 0 }));
    // The kernel works while we send: all answers are there.
    for (let messages = this.#receive(); messages; messages = this.#receive()) {
      for (const message of messages) {
        const ack = decodeAck(message);
        const at = message.sequence - first - 1;
        if (at in acks) acks[at] = ack;
        else if (ack.errno !== 0) throw new KernelError('change nftables', ack.errno, ack.text);
      }
    }
    return acks;
  }

  /** `read` again and again until the ruleset did not change meanwhile. */
  consistently<T>(read: () => T): T {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = this.#generation();
      const found = read();
      if (this.#generation() === before) return found;
    }
    throw new KernelError('list nftables', EINTR, `the ruleset changed during each of ${ATTEMPTS} dumps`);
  }

  /** Payloads of all messages that a query brings; nothing when there is no such table or set. */
  dump(query: Query): Buffer[] {
    return this.#query({ ...query, flags: NLM_F_DUMP }).map((message) => message.payload);
  }

  /** In the pool, and nobody waits: the kernel may keep whoever closes it. */
  close(): void {
    close(this.#fd);
  }

  #generation(): number | undefined {
    const [answer] = this.#query({ ...generationQuery, flags: NLM_F_ACK });
    return answer && decodeGeneration(answer.payload);
  }

  /** Answers up to the end of the dump or the ACK. */
  #query(request: Request): Message[] {
    const what = 'list nftables';
    const found: Message[] = [];
    const bytes = this.#encode(request);
    checked(what, send(this.#fd, bytes, bytes.length, 0));
    for (;;) {
      const messages = this.#receive();
      if (!messages) throw new KernelError(what, EAGAIN);
      for (const message of messages.filter(({ sequence }) => sequence === this.#sequence)) {
        if (message.flags & NLM_F_DUMP_INTR) throw new KernelError(what, EINTR);
        if (message.type !== NLMSG_DONE && message.type !== NLMSG_ERROR) found.push(message);
        else return endOfQuery(what, message, found);
      }
    }
  }

  #encode(request: Request): Buffer {
    this.#sequence = (this.#sequence + 1) >>> 0;
    return encodeMessage({ ...request, flags: request.flags | NLM_F_REQUEST, sequence: this.#sequence });
  }

  /** In the pool, because the kernel may keep the sender waiting for another's transaction. */
  async #send(what: string, bytes: Buffer): Promise<void> {
    const { result, errno } = await inPool(send, this.#fd, bytes, bytes.length, 0);
    if (result < 0) throw new KernelError(what, errno);
  }

  /** Copies; undefined when there is nothing more. */
  #receive(): Message[] | undefined {
    const length = recv(this.#fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT | MSG_TRUNC);
    if (length >= 0) return decodeMessages(Buffer.from(this.#buffer.subarray(0, length)));
    const errno = lastErrno();
    if (errno === EAGAIN) return undefined;
    throw new KernelError('read the answer of the kernel', errno);
  }
}

const ENOENT = 2;

function endOfQuery(what: string, end: Message, found: Message[]): Message[] {
  const { errno, text } = decodeAck(end);
  if (errno === 0) return found;
  if (errno === ENOENT) return [];
  throw new KernelError(what, errno, text);
}
