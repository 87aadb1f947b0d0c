/** What goes wrong in the lab in a way that a person can act on. */

/** `message` says what and where, `next` what to do about it; `status` is the exit status for a shell (default 1).
 * The commands that return the status of another program use 125 for their own errors, as docker does. */
export class LabError extends Error {
  readonly next: string;
  readonly status: number;

  constructor(message: string, next: string, status = 1) {
    super(message);
    this.name = 'LabError';
    this.next = next;
    this.status = status;
  }
}

/** Where progress goes: one line a step. */
export type Progress = (line: string) => void;
