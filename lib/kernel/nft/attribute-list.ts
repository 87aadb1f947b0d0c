/** Attributes one by one: `readAttributes` keeps only the last of a type, and not how it was framed. */
import { align4 } from '../netlink/attribute.ts';
import { NetlinkDecodeError } from '../netlink/bytes.ts';

const HEADER = 4;
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER share the type's field. */
const TYPE_MASK = 0x3fff;

export interface AttributeFrame {
  readonly type: number;
  readonly payload: Buffer;
  /** Header, payload and padding. */
  readonly frame: Buffer;
}

/** In order. Throws NetlinkDecodeError. */
export function attributeFrames(bytes: Buffer): AttributeFrame[] {
  const frames: AttributeFrame[] = [];
  for (let at = 0; at + HEADER <= bytes.length;) {
    const length = bytes.readUInt16LE(at);
    const end = at + align4(length);
    if (length < HEADER || end > bytes.length) {
      throw new NetlinkDecodeError(
        `the attribute at byte ${at} claims ${length} bytes, ${bytes.length - at} are there`,
      );
    }
    const type = bytes.readUInt16LE(at + 2) & TYPE_MASK;
    frames.push({ type, payload: bytes.subarray(at + HEADER, at + length), frame: bytes.subarray(at, end) });
    at = end;
  }
  return frames;
}
