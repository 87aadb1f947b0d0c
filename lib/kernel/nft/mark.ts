/** Keys of type `mark`: four bytes as a packet has them, which nft shows as a number in the byte order of the machine. */
import { endianness } from 'node:os';

/** `0x0a000002` to the number that nft reads. */
export function markFromText(text: string): number {
  const bytes = markBytes(text);
  return endianness() === 'LE' ? bytes.readUInt32LE(0) : bytes.readUInt32BE(0);
}

/** The number that nft lists to `0x0a000002`. */
export function markToText(value: number): string {
  const bytes = Buffer.alloc(4);
  if (endianness() === 'LE') bytes.writeUInt32LE(value >>> 0);
  else bytes.writeUInt32BE(value >>> 0);
  return `0x${bytes.toString('hex')}`;
}

export const markBytes = (text: string): Buffer => Buffer.from(text.slice(2).padStart(8, '0').slice(0, 8), 'hex');
