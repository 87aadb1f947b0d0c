/** The error of everything that a kernel refuses: what was asked, errno, and the kernel's own words. */
import { constants } from 'node:os';
import { errnoText, lastErrno } from './libc.ts';

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    .filter(([name]) => name !== 'EWOULDBLOCK' && name !== 'ENOTSUP')
    .map(([name, number]) => [number, name]),
);

/** `EEXIST`; `E4095` for a number that has no name. */
export const errnoName = (errno: number): string => NAMES.get(errno) ?? `E${errno}`;

/** `cannot create veth wr0a1b2c: EEXIST (File exists)`, followed by the text of the extended ACK if there is one. */
export class KernelError extends Error {
  override readonly name: string = 'KernelError';
  /** Positive, as in errno(3). */
  readonly errno: number;
  /** `EEXIST`. */
  readonly code: string;
  /** NLMSGERR_ATTR_MSG of the extended ACK. */
  readonly extack: string | undefined;

  /** `what`: what was asked, worded to follow "cannot". */
  constructor(what: string, errno: number, extack?: string) {
    const code = errnoName(errno);
    super(`cannot ${what}: ${code} (${errnoText(errno)})${extack ? `: ${extack}` : ''}`);
    this.errno = errno;
    this.code = code;
    this.extack = extack;
  }
}

/** The result of a system call, or KernelError when it is negative. */
export function checked(what: string, result: number): number {
  if (result < 0) throw new KernelError(what, lastErrno());
  return result;
}

export const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
