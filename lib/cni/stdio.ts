/** The plugin's stdin and stdout, whole and blocking, whatever the runtime connected to them. */
import { readSync, writeSync } from 'node:fs';
import { PART_BYTES_MAX } from '../api/plugin-wire.ts';
import { CNI_CODE, CniError } from '../api/cni.ts';
import { codeOf } from './agent-call.ts';

/** To the end of file. Throws CniError 5 when there is more than 16 MiB. */
export function readAll(fd: number): Uint8Array {
  let buffer = new Uint8Array(16 * 1024);
  let length = 0;
  for (;;) {
    const count = whenReady(() => readSync(fd, buffer, length, buffer.length - length, null));
    if (count === 0) return buffer.subarray(0, length);
    length += count;
    if (length > PART_BYTES_MAX)
      throw new CniError(CNI_CODE.io, `the configuration on stdin is over ${PART_BYTES_MAX} bytes`);
    if (length === buffer.length) buffer = doubled(buffer);
  }
}

export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const from = at;
    at += whenReady(() => writeSync(fd, bytes, from));
  }
}

/** A runtime may pass a non-blocking pipe. */
function whenReady(attempt: () => number): number {
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
      sleep(1);
    }
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function doubled(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(buffer.length * 2);
  larger.set(buffer);
  return larger;
}
