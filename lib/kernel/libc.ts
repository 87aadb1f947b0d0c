/** The system calls that Node has no API for, through koffi. Numbers are those of 64-bit Linux on x86 and ARM. */
import koffi from 'koffi';

const libc = koffi.load(null);

type Arguments = readonly (number | string | Uint8Array | null)[];

/** Returns -1 on failure and leaves the reason in `lastErrno`. `async` runs the call in a thread of libuv's pool. */
export interface Call<Args extends Arguments> {
  (...args: Args): number;
  async: (...args: [...Args, (error: unknown, result: number) => void]) => void;
}

export const setns: Call<[fd: number, kind: number]> = libc.func('int setns(int, int)');
export const unshare: Call<[flags: number]> = libc.func('int unshare(int)');
export const mount: Call<[source: string, target: string, type: string | null, flags: number, data: null]> = libc.func(
  'int mount(const char *, const char *, const char *, ulong, void *)',
);
export const umount2: Call<[target: string, flags: number]> = libc.func('int umount2(const char *, int)');

export const socket: Call<[domain: number, type: number, protocol: number]> = libc.func('int socket(int, int, int)');
export const bind: Call<[fd: number, address: Uint8Array, length: number]> = libc.func(
  'int bind(int, const uint8_t *, uint)',
);
export const setsockopt: Call<[fd: number, level: number, name: number, value: Uint8Array, length: number]> = libc.func(
  'int setsockopt(int, int, int, const uint8_t *, uint)',
);
export const getsockopt: Call<[fd: number, level: number, name: number, value: Uint8Array, length: Uint8Array]> =
  libc.func('int getsockopt(int, int, int, uint8_t *, uint8_t *)');
export const send: Call<[fd: number, bytes: Uint8Array, length: number, flags: number]> = libc.func(
  'intptr_t send(int, const uint8_t *, size_t, int)',
);
export const recv: Call<[fd: number, bytes: Uint8Array, length: number, flags: number]> = libc.func(
  'intptr_t recv(int, uint8_t *, size_t, int)',
);
export const recvmsg: Call<[fd: number, msghdr: Uint8Array, flags: number]> = libc.func(
  'intptr_t recvmsg(int, uint8_t *, int)',
);
export const memfd_create: Call<[name: string, flags: number]> = libc.func('int memfd_create(const char *, uint)');
export const eventfd: Call<[initial: number, flags: number]> = libc.func('int eventfd(uint, int)');
export const poll: Call<[pollfds: Uint8Array, count: number, milliseconds: number]> = libc.func(
  'int poll(uint8_t *, ulong, int)',
);

const strerror: (errno: number) => string = libc.func('const char *strerror(int)');

/** errno of the last call, `.async` ones included if read first thing in their callback. */
export const lastErrno = (): number => koffi.errno();

/** `File exists` for EEXIST. */
export const errnoText = (errno: number): string => strerror(errno);

/** For structures that hold pointers; the caller keeps `bytes` alive. */
export const addressOf = (bytes: Uint8Array): bigint => koffi.address(bytes);

/** koffi refuses more than 256 calls at a time, and the pool has fewer threads anyway. */
const MOST_IN_POOL = 64;
const waiting: (() => void)[] = [];
let inPoolNow = 0;

/** Runs `call.async(...args)`: the result, and errno in case that it is negative. */
export function inPool<Args extends Arguments>(
  call: Call<Args>,
  ...args: Args
): Promise<{ readonly result: number; readonly errno: number }> {
  return new Promise((resolve, reject) => {
    const start = (): void => {
      inPoolNow++;
      call.async(...args, (error: unknown, result: number) => {
        const errno = lastErrno();
        inPoolNow--;
        waiting.shift()?.();
        if (error === null || error === undefined) resolve({ result, errno });
        else reject(error instanceof Error ? error : new Error('a call into libc failed', { cause: error }));
      });
    };
    if (inPoolNow < MOST_IN_POOL) start();
    else waiting.push(start);
  });
}
