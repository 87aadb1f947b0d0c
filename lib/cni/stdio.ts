/** The plugin's stdin and stdout, whole and blocking, whatever the runtime connected to them. */
import { PART_BYTES_MAX } from '../api/plugin-wire.ts';
import { CNI_CODE, CniError } from '../api/cni.ts';
import { codeOf, fileSystem, type SystemCalls } from './system-calls.ts';

/** To the end of file. Throws CniError 5 when there is more than 16 MiB, and the file system's error. */
export function readAll({ read }: Pick<SystemCalls, 'read'>, fd: number): Uint8Array {
  let buffer = new Uint8Array(16 * 1024);
  let length = 0;
  for (;;) {
    const tried = read(fd, buffer, length);
    const count = tried < 0 ? readWhenReady(fd, buffer, length) : tried;
    if (count === 0) return buffer.subarray(0, length);
    length += count;
    if (length > PART_BYTES_MAX)
      throw new CniError(CNI_CODE.io, `the configuration on stdin is over ${PART_BYTES_MAX} bytes`);
    if (length === buffer.length) buffer = doubled(buffer);
  }
}

/** Throws the file system's error. */
export function writeAll({ write }: Pick<SystemCalls, 'write'>, fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const tried = write(fd, bytes, at);
    at += tried < 0 ? writeWhenReady(fd, bytes, at) : tried;
  }
}

const readWhenReady = (fd: number, buffer: Uint8Array, at: number): number =>
  whenReady(() => fileSystem().readSync(fd, buffer, at, buffer.length - at, null));
const writeWhenReady = (fd: number, bytes: Uint8Array, at: number): number =>
  whenReady(() => fileSystem().writeSync(fd, bytes, at));

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
