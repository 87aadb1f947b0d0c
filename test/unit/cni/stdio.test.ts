/** Reading stdin and writing stdout through real descriptors. */
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { arrayBuffer } from 'node:stream/consumers';
import { test } from 'tap';
import { PART_BYTES_MAX } from '../../../lib/api/plugin-wire.ts';
import { readAll, writeAll } from '../../../lib/cni/stdio.ts';

/** The executable's own are libc's, which Node has not: the tests of the lab tier run those. */
const calls = {
  read: (fd: number, bytes: Uint8Array, at: number) => readSync(fd, bytes, at, bytes.length - at, null),
  write: (fd: number, bytes: Uint8Array, at: number) => writeSync(fd, bytes, at),
};
const failing = { read: () => -1, write: () => -1 };

test('a file of any size up to the limit is read whole', (t) => {
  const sizes = [0, 1, 64 * 1024, 64 * 1024 + 1, 1_000_000, PART_BYTES_MAX];
  for (const size of sizes) {
    const path = join(t.testdir({ in: Buffer.alloc(size, 'x') }), 'in');
    const fd = openSync(path, 'r');
    t.equal(Buffer.compare(readAll(calls, fd), readFileSync(path)), 0, `${size} bytes`);
    closeSync(fd);
    const again = openSync(path, 'r');
    t.equal(Buffer.compare(readAll(failing, again), readFileSync(path)), 0, `${size} bytes, the slow way`);
    closeSync(again);
  }
  t.end();
});

test('one byte over the limit is refused', (t) => {
  const fd = openSync(join(t.testdir({ in: Buffer.alloc(PART_BYTES_MAX + 1) }), 'in'), 'r');
  t.throws(() => readAll(calls, fd), { name: 'CniError', code: 5, message: /16777216 bytes/ });
  closeSync(fd);
  t.end();
});

/** Both ends of a named pipe; the one of the plugin's side does not block. */
function openPipe(path: string, pluginSide: 'reads' | 'writes') {
  spawnSync('mkfifo', [path]);
  // Opened for both, so that neither open(2) waits for the other end.
  const holder = openSync(path, 'r+');
  const reader = openSync(path, constants.O_RDONLY | (pluginSide === 'reads' ? constants.O_NONBLOCK : 0));
  const writer = openSync(path, constants.O_WRONLY | (pluginSide === 'writes' ? constants.O_NONBLOCK : 0));
  closeSync(holder);
  return { reader, writer };
}

test('pipes that are not ready yet are waited for, in both directions', async (t) => {
  const dir = t.testdir();
  const input = openPipe(join(dir, 'in'), 'reads');
  const output = openPipe(join(dir, 'out'), 'writes');
  const module = join(import.meta.dirname, '../../../lib/cni/stdio.ts');
  const script = `import { readAll, writeAll } from ${JSON.stringify(module)}; 
    const failing = { read: () => -1, write: () => -1 };
    writeAll(failing, 4, readAll(failing, 3));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit', input.reader, output.writer],
  });
  const exited = new Promise((done) => child.on('exit', done));
  closeSync(input.reader);
  closeSync(output.writer);
  const received = arrayBuffer(createReadStream('', { fd: output.reader }));
  const sent = Buffer.alloc(300_000, 'abcdefghij');
  const sink = createWriteStream('', { fd: input.writer });
  for (let at = 0; at < sent.length; at += 100_000) {
    sink.write(sent.subarray(at, at + 100_000));
    await new Promise((wait) => setTimeout(wait, 100));
  }
  sink.end();
  t.equal(Buffer.from(await received).equals(sent), true);
  t.equal(await exited, 0);
});

test('writeAll writes everything', (t) => {
  const path = join(t.testdir(), 'out');
  const fd = openSync(path, 'w');
  for (const one of [calls, failing]) {
    writeAll(one, fd, new Uint8Array(500_000).fill(120));
    writeAll(one, fd, new Uint8Array());
  }
  closeSync(fd);
  t.equal(readFileSync(path).length, 1_000_000);
  t.end();
});
