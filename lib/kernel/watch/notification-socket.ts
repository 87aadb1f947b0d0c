/**
 * A netlink socket that hears the multicast groups of every namespace to which the own one has given a number
 * (NETLINK_LISTEN_ALL_NSID). Which namespace a datagram is from comes as ancillary data, hence recvmsg(2).
 */
import { closeSync } from 'node:fs';
import { KernelError } from '../error.ts';
import { addressOf, lastErrno, recvmsg, setsockopt } from '../libc.ts';
import { type Message, decodeMessages } from '../netlink/message.ts';
import { SOL_NETLINK, openNetlink, u32Bytes } from '../netlink/socket.ts';

const NETLINK_LISTEN_ALL_NSID = 8;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const EAGAIN = 11;
const ENOBUFS = 105;
const DATAGRAM = 64 << 10;
const CONTROL = 64;
/** struct cmsghdr: size_t length, int level, int type. */
const CMSG_HEADER = 16;
/** struct msghdr: where msg_controllen and msg_flags are. */
const MSGHDR = 56;
const CONTROL_LENGTH_AT = 40;
const FLAGS_AT = 48;

export type Received =
  | { readonly kind: 'nothing' }
  /** The kernel had no room: what changed is not known. */
  | { readonly kind: 'overrun' }
  /** `nsid` as the own namespace numbers others; absent for the own one. */
  | { readonly kind: 'messages'; readonly nsid?: number; readonly messages: readonly Message[] };

export class NotificationSocket implements Disposable {
  readonly fd: number;
  readonly #data = Buffer.alloc(DATAGRAM);
  readonly #control = Buffer.alloc(CONTROL);
  readonly #iovec = Buffer.alloc(16);
  readonly #msghdr = Buffer.alloc(MSGHDR);

  /** `groups`: bit mask of the multicast groups. Throws KernelError. */
  constructor(protocol: number, groups: number) {
    this.fd = openNetlink(protocol, groups);
    const option = setsockopt(this.fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, u32Bytes(1), 4);
    if (option < 0) {
      const error = new KernelError('listen to all network namespaces', lastErrno());
      closeSync(this.fd);
      throw error;
    }
    this.#iovec.writeBigUInt64LE(addressOf(this.#data), 0);
    this.#iovec.writeBigUInt64LE(BigInt(DATAGRAM), 8);
    this.#msghdr.writeBigUInt64LE(addressOf(this.#iovec), 16);
    this.#msghdr.writeBigUInt64LE(1n, 24);
    this.#msghdr.writeBigUInt64LE(addressOf(this.#control), 32);
  }

  /** One datagram, without waiting; payloads are valid until the next call. Throws KernelError and NetlinkDecodeError. */
  receive(): Received {
    this.#msghdr.writeBigUInt64LE(BigInt(CONTROL), CONTROL_LENGTH_AT);
    const length = recvmsg(this.fd, this.#msghdr, MSG_DONTWAIT);
    if (length < 0) {
      const errno = lastErrno();
      if (errno === EAGAIN) return { kind: 'nothing' };
      if (errno === ENOBUFS) return { kind: 'overrun' };
      throw new KernelError('read notifications of the kernel', errno);
    }
    if (this.#msghdr.readUInt32LE(FLAGS_AT) & MSG_TRUNC) return { kind: 'overrun' };
    const nsid = this.#nsid();
    const messages = decodeMessages(this.#data.subarray(0, length));
    return { kind: 'messages', messages, ...(nsid !== undefined && { nsid }) };
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }

  #nsid(): number | undefined {
    const length = Number(this.#msghdr.readBigUInt64LE(CONTROL_LENGTH_AT));
    if (length < CMSG_HEADER + 4) return undefined;
    const isNsid =
      this.#control.readInt32LE(8) === SOL_NETLINK && this.#control.readInt32LE(12) === NETLINK_LISTEN_ALL_NSID;
    return isNsid ? this.#control.readInt32LE(CMSG_HEADER) : undefined;
  }
}
