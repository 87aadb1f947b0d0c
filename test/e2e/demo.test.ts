// The demo, as `make demo` runs it: it checks its own claims, so what is checked here is how it ends.
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { test } from 'tap';
import { exitStatus } from '../../lib/lab/exit-status.ts';
import { runCommand } from '../../lib/lab/command.ts';
import { findPrograms } from '../../lib/lab/programs.ts';

const { warrenctl } = findPrograms();
const leftOvers = async (): Promise<readonly string[]> =>
  (await readdir('/var/tmp')).filter((name) => name.startsWith('warren-demo-'));

test('the demo plays to its end in less than a minute, fits a terminal, and leaves nothing', async (t) => {
  const before = await leftOvers();
  const start = performance.now();
  const done = await runCommand([warrenctl, 'lab', 'demo'], { timeout: 120_000 });
  t.equal(done.status, 0, done.stderr);
  t.ok(performance.now() - start < 60_000);
  const tooLong = done.stdout.split('\n').filter((line) => line.length > 100);
  t.strictSame(tooLong, []);
  for (const part of ['● ', '═', 'blue', 'green', 'does not reach', 'nothing is left'])
    t.ok(done.stdout.includes(part.trim()), part);
  t.strictSame(await leftOvers(), before);
});

test('a demo that is interrupted says so and cleans up', async (t) => {
  const before = await leftOvers();
  const child = spawn(warrenctl, ['lab', 'demo'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const stderr = text(child.stderr);
  let shown = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const before = shown;
    shown += chunk.toString();
    // Once: a second signal would not wait for the cleaning up.
    if (shown.includes('3. ') && !before.includes('3. ')) child.kill('SIGINT');
  });
  const status = await new Promise<number>((resolve) => {
    child.on('close', (code, signal) => resolve(exitStatus(code, signal)));
  });
  t.equal(status, 130);
  t.match(await stderr, /interrupted by SIGINT/);
  t.strictSame(await leftOvers(), before);
});
