/**
 * Waiting for file descriptors that libuv does not poll, in one thread of its pool. The thread must not stay in there when the
 * process wants to end, so that an eventfd wakes it.
 */
import { closeSync, writeSync } from 'node:fs';
import { checked } from '../error.ts';
import { eventfd, inPool, poll } from '../libc.ts';

const POLLIN = 1;
/** struct pollfd: int fd, short events, short revents. */
const POLLFD = 8;
const EFD_CLOEXEC = 0x80000;
const FOR_EVER = -1;

export class Poller {
  readonly #wake = checked('make an eventfd', eventfd(0, EFD_CLOEXEC));
  readonly #fds: Buffer;
  readonly #onExit = (): void => this.stop();
  #isStopped = false;

  constructor(fds: readonly number[]) {
    const all = [...fds, this.#wake];
    this.#fds = Buffer.alloc(all.length * POLLFD);
    for (const [at, fd] of all.entries()) {
      this.#fds.writeInt32LE(fd, at * POLLFD);
      this.#fds.writeInt16LE(POLLIN, at * POLLFD + 4);
    }
    process.once('exit', this.#onExit);
  }

  /** Resolves when one can be read: true; or after `stop`: false. */
  async wait(): Promise<boolean> {
    if (this.#isStopped) return false;
    await inPool(poll, this.#fds, this.#fds.length / POLLFD, FOR_EVER);
    return !this.#isStopped;
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    const one = Buffer.alloc(8);
    one.writeBigUInt64LE(1n);
    writeSync(this.#wake, one);
  }

  /** After the last `wait` has resolved. */
  close(): void {
    process.off('exit', this.#onExit);
    closeSync(this.#wake);
  }
}
