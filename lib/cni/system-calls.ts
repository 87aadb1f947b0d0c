/** What the plugin asks of the operating system, and how it does without node:fs: loading that costs a process of four milliseconds one more. */

/** The calls of every ADD and DEL. Numbers below zero mean failure; the reason is not told. */
export interface SystemCalls {
  /** read(2) into `bytes` from `at` to its end. */
  readonly read: (fd: number, bytes: Uint8Array, at: number) => number;
  /** write(2) of `bytes` from `at` to its end. */
  readonly write: (fd: number, bytes: Uint8Array, at: number) => number;
  /** A connected unix socket's descriptor, every wait on which ends after `timeoutMs`; undefined when nobody listens. */
  readonly connectUnix: (path: string, timeoutMs: number) => number | undefined;
}

/** node:fs, for what is rare: it is loaded here, not with the program. */
export const fileSystem = () => process.getBuiltinModule('node:fs');

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
