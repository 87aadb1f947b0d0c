/** Reading numbers out of netlink payloads, in the byte order of the host (little-endian on every platform we build for). */

/** The only thing that a decoder in this room throws. */
export class NetlinkDecodeError extends Error {
  override readonly name = 'NetlinkDecodeError';
}

/** `bytes`, known to hold `length` of them; `what` names the structure in the error. */
export function atLeast(length: number, bytes: Buffer, what: string): Buffer {
  if (bytes.length >= length) return bytes;
  throw new NetlinkDecodeError(`${what} has ${length} bytes, the kernel sent ${bytes.length}`);
}

export const readU8 = (bytes: Buffer): number => atLeast(1, bytes, 'a u8').readUInt8(0);
export const readU16Be = (bytes: Buffer): number => atLeast(2, bytes, 'a be16').readUInt16BE(0);
export const readU32 = (bytes: Buffer): number => atLeast(4, bytes, 'a u32').readUInt32LE(0);
export const readI32 = (bytes: Buffer): number => atLeast(4, bytes, 'an s32').readInt32LE(0);
export const readFlag = (bytes: Buffer): boolean => readU8(bytes) !== 0;

/** Up to the first NUL; bytes that are no UTF-8 become U+FFFD. */
export function readText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}
