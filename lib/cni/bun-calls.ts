/**
 * System calls straight from libc: an event loop would add two milliseconds to a process that lives for four, node:fs one. The
 * only file that needs Bun.
 */
import { dlopen, ptr } from 'bun:ffi';
import type { SystemCalls } from './system-calls.ts';

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 0o2000001;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
/** sizeof(sun_path), one of them the closing NUL. */
const PATH_BYTES = 108;

const libc = dlopen('libc.so.6', {
  read: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  write: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
}).symbols;

export const bunCalls: SystemCalls = {
  read: (fd, bytes, at) => libc.read(fd, ptr(bytes) + at, bytes.length - at),
  write: (fd, bytes, at) => libc.write(fd, ptr(bytes) + at, bytes.length - at),
  connectUnix: (path, timeoutMs) => {
    const address = sockaddrUn(path);
    if (address === undefined) return undefined;
    const fd = libc.socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0);
    const timeout = BigInt64Array.of(BigInt(Math.floor(timeoutMs / 1000)), BigInt((timeoutMs % 1000) * 1000));
    libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, ptr(timeout), timeout.byteLength);
    libc.setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, ptr(timeout), timeout.byteLength);
    return libc.connect(fd, ptr(address), address.length) === 0 ? fd : undefined;
  },
};

/** struct sockaddr_un (unix(7)); undefined when the path is too long for it. */
function sockaddrUn(path: string): Uint8Array | undefined {
  const name = new TextEncoder().encode(path);
  if (name.length >= PATH_BYTES) return undefined;
  const address = new Uint8Array(2 + PATH_BYTES);
  new Uint16Array(address.buffer, 0, 1)[0] = AF_UNIX;
  address.set(name, 2);
  return address;
}
