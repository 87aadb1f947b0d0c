/** What goes wrong in a way that a person can act on. */

/** `message` says what and where, `next` what to do about it; `status` is the exit status for a shell. */
export class CtlError extends Error {
  override readonly name = 'CtlError';
  readonly next: string;
  readonly status: number;

  constructor(message: string, next: string, status = 1) {
    super(message);
    this.next = next;
    this.status = status;
  }
}

/** A flag or word that cannot be meant. */
export const usageError = (message: string, next: string): CtlError => new CtlError(message, next, 2);
