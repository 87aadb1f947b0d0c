// A process that times others: started inside a node's namespaces, it reads one order a line and answers with one time a line.
// It spawns by posix_spawn(3), whose cost does not grow with our own size as fork's does, and blocks in waitpid(2): what it
// reports is the whole life of the process, from exec to exit, and as little as possible of ours.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import koffi from 'koffi';
import { orderSchema, type Lap, type Order } from './stopwatch-protocol.ts';

const libc = koffi.load('libc.so.6');
const spawn = libc.func(
  'int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **argv, const char **envp)',
);
const waitpid = libc.func('int waitpid(int pid, _Out_ int *status, int options)');
const initActions = libc.func('int posix_spawn_file_actions_init(void *actions)');
const addOpen = libc.func(
  'int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, unsigned int mode)',
);
const destroyActions = libc.func('int posix_spawn_file_actions_destroy(void *actions)');

/** More than the 80 bytes that glibc's posix_spawn_file_actions_t takes on 64-bit machines. */
const ACTIONS_SIZE = 256;
/** fcntl.h: O_RDONLY; O_WRONLY | O_CREAT | O_TRUNC. */
const READ = 0;
const WRITE = 0o1 | 0o100 | 0o1000;

function time(order: Order): Lap {
  const actions = Buffer.alloc(ACTIONS_SIZE);
  initActions(actions);
  addOpen(actions, 0, order.stdin, READ, 0);
  addOpen(actions, 1, order.stdout, WRITE, 0o600);
  const environment = Object.entries(order.env).map(([name, value]) => `${name}=${value}`);
  const pid = [0];
  const status = [0];
  const start = process.hrtime.bigint();
  const error = Number(spawn(pid, order.path, actions, null, [order.path, null], [...environment, null]));
  if (error === 0) waitpid(pid[0], status, 0);
  const end = process.hrtime.bigint();
  destroyActions(actions);
  const result = error === 0 ? (status[0] ?? -1) : -error;
  const microseconds = Number(end - start) / 1_000;
  return { microseconds, status: result, output: result === 0 ? '' : readFileSync(order.stdout, 'utf8') };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(time(orderSchema.parse(JSON.parse(line))))}\n`);
}
