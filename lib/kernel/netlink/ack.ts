/** NLMSG_ERROR and NLMSG_DONE: how a request ended, with the extended ACK (linux/netlink.h, enum nlmsgerr_attrs). */
import { attribute, readAttributes } from './attribute.ts';
import { atLeast, readText, readU32 } from './bytes.ts';
import { type Message, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_DONE } from './message.ts';

const NLMSGERR_ATTR_MSG = 1;
const NLMSGERR_ATTR_OFFS = 2;
const REPEATED_HEADER = 16;

export interface Ack {
  /** Zero: done. Else positive, as in errno(3). */
  readonly errno: number;
  /** The kernel's reason in words. */
  readonly text?: string;
  /** The offset of the offending attribute in the request, in bytes. */
  readonly offset?: number;
}

/** Where the attributes of the extended ACK begin: behind the error code and what is repeated of the request. */
function attributesStart({ type, flags, payload }: Message): number {
  if (type === NLMSG_DONE) return 4;
  if (flags & NLM_F_CAPPED || payload.length < 8) return 4 + REPEATED_HEADER;
  const requestLength = payload.readUInt32LE(4);
  return 4 + requestLength;
}

/** Throws NetlinkDecodeError. */
export function decodeAck(message: Message): Ack {
  const errno = -atLeast(4, message.payload, 'an error code').readInt32LE(0) || 0;
  if (!(message.flags & NLM_F_ACK_TLVS)) return { errno };
  const attributes = readAttributes(message.payload.subarray(attributesStart(message)));
  const text = attribute(attributes, NLMSGERR_ATTR_MSG, readText);
  const offset = attribute(attributes, NLMSGERR_ATTR_OFFS, readU32);
  return { errno, ...(text !== undefined && { text }), ...(offset !== undefined && { offset }) };
}
