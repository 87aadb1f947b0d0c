// The runner: one piece of work, asked for by many and repeated by itself.
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'tap';
import { manualClock } from '../../../lib/reconcile/clock.ts';
import { createRunner } from '../../../lib/reconcile/runner.ts';

test('triggers coalesce, and a success is repeated after the resync interval', async (t) => {
  const clock = manualClock();
  const starts: number[] = [];
  const runner = createRunner({ clock, resyncMs: 1000, work: async () => void starts.push(clock.now()) });
  runner.trigger();
  runner.trigger();
  await runner.idle();
  for (let i = 0; i < 5; i++) {
    clock.advance(500);
    await turn();
  }
  t.same(starts, [0, 1000, 2000]);
  await runner.stop();
  clock.advance(5000);
  await turn();
  t.equal(starts.length, 3, 'stopped');
});

test('a failure is tried again by the backoff, not by the resync interval', async (t) => {
  const clock = manualClock();
  const starts: number[] = [];
  const errors: unknown[] = [];
  const runner = createRunner({
    clock,
    resyncMs: 60_000,
    backoff: { baseMs: 100, maxMs: 100, jitter: 0 },
    work: async () => {
      starts.push(clock.now());
      if (starts.length === 1) throw new Error('once');
    },
    onError: (error) => errors.push(error),
  });
  runner.trigger();
  await turn();
  clock.advance(100);
  await runner.idle();
  t.same(starts, [0, 100]);
  t.equal(errors.length, 1);
  await runner.stop();
});
