/** Netlink messages (linux/netlink.h, struct nlmsghdr) and the datagrams that carry several of them. */
import { align4 } from './attribute.ts';
import { NetlinkDecodeError } from './bytes.ts';

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
/** In a reply: the table changed while it was being dumped. */
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_DUMP = 0x300;
/** In an ACK: only the header of the request is repeated. */
export const NLM_F_CAPPED = 0x100;
/** In an ACK: attributes of the extended ACK follow. */
export const NLM_F_ACK_TLVS = 0x200;

const HEADER = 16;

/** What is asked of the kernel; the socket adds NLM_F_REQUEST, NLM_F_ACK and the sequence number. */
export interface Request {
  readonly type: number;
  readonly flags: number;
  readonly payload: Buffer;
}

export interface Message extends Request {
  readonly sequence: number;
}

export function encodeMessage({ type, flags, sequence, payload }: Message): Buffer {
  const bytes = Buffer.alloc(align4(HEADER + payload.length));
  bytes.writeUInt32LE(HEADER + payload.length, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt16LE(flags, 6);
  bytes.writeUInt32LE(sequence, 8);
  bytes.set(payload, HEADER);
  return bytes;
}

/** Payloads are views into `datagram`. Throws NetlinkDecodeError. */
export function decodeMessages(datagram: Buffer): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < datagram.length;) {
    const left = datagram.length - at;
    const length = left < HEADER ? 0 : datagram.readUInt32LE(at);
    if (length < HEADER || length > left) {
      throw new NetlinkDecodeError(`the message at byte ${at} claims ${length} bytes, ${left} are there`);
    }
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      payload: datagram.subarray(at + HEADER, at + length),
    });
    at += align4(length);
  }
  return messages;
}
