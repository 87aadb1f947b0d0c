/** How the end of a child process reads as a shell's `$?`. */
import { constants } from 'node:os';

/** 128 + number for a signal. */
export const exitStatus = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
