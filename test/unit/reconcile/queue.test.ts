// The work queue: what it promises about order, coalescing, retries and rates, on a clock moved by hand.
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'tap';
import { backoffDelayMs } from '../../../lib/reconcile/backoff.ts';
import { manualClock } from '../../../lib/reconcile/clock.ts';
import { createQueue } from '../../../lib/reconcile/queue.ts';

/** Work that lasts until the test ends it. */
function gate() {
  const waiting: { key: string; finish: () => void; fail: (error: Error) => void }[] = [];
  return {
    work: (key: string) => new Promise<void>((finish, fail) => waiting.push({ key, finish, fail })),
    running: () => waiting.map(({ key }) => key),
    finish: (key: string) => waiting.splice(indexOf(key), 1)[0]!.finish(),
    fail: (key: string) => waiting.splice(indexOf(key), 1)[0]!.fail(new Error(`${key} failed`)),
  };
  function indexOf(key: string): number {
    const index = waiting.findIndex((one) => one.key === key);
    if (index < 0) throw new Error(`${key} is not running`);
    return index;
  }
}

const noJitter = { baseMs: 100, maxMs: 1000, jitter: 0 };

test('a key added many times before it starts runs once', async (t) => {
  const ran: string[] = [];
  const queue = createQueue<string>({ work: async (key) => void ran.push(key) });
  for (const key of ['a', 'b', 'a', 'a', 'b']) queue.add(key);
  await queue.idle();
  t.same(ran, ['a', 'b'], 'each once, in the order of their first addition');
});

test('a key added while it runs runs once more afterwards, never beside itself', async (t) => {
  const { work, running, finish } = gate();
  const queue = createQueue<string>({ work, concurrency: 4 });
  queue.add('a');
  await turn();
  queue.add('a');
  queue.add('a');
  await turn();
  t.same(running(), ['a']);
  finish('a');
  await turn();
  t.same(running(), ['a'], 'the second run');
  finish('a');
  await queue.idle();
  t.same(running(), []);
});

test('no more keys run at a time than allowed', async (t) => {
  const { work, running, finish } = gate();
  const queue = createQueue<string>({ work, concurrency: 2 });
  for (const key of ['a', 'b', 'c']) queue.add(key);
  await turn();
  t.same(running(), ['a', 'b']);
  finish('b');
  await turn();
  t.same(running(), ['a', 'c']);
  finish('a');
  finish('c');
  await queue.idle();
});

test('a failure is tried again after a delay that doubles, and is reported each time', async (t) => {
  const clock = manualClock();
  const starts: number[] = [];
  const reported: unknown[] = [];
  const queue = createQueue<string>({
    clock,
    backoff: noJitter,
    work: async () => {
      starts.push(clock.now());
      if (starts.length < 4) throw new Error('not yet');
    },
    onError: (key, error, retry) => reported.push({ key, message: (error as Error).message, ...retry }),
  });
  queue.add('a');
  for (let i = 0; i < 20; i++) {
    await turn();
    clock.advance(100);
  }
  await queue.idle();
  t.same(starts, [0, 100, 300, 700]);
  t.same(reported[1], { key: 'a', message: 'not yet', failures: 2, delayMs: 200 });
});

test('adding a key that waits for another attempt starts it at once', async (t) => {
  const clock = manualClock();
  let runs = 0;
  const queue = createQueue<string>({
    clock,
    backoff: noJitter,
    work: async () => {
      runs++;
      if (runs === 1) throw new Error('once');
    },
  });
  queue.add('a');
  await turn();
  queue.add('a');
  await queue.idle();
  t.equal(runs, 2);
  clock.advance(10_000);
  await turn();
  t.equal(runs, 2, 'the planned attempt is not made on top');
});

test('a success forgets earlier failures', async (t) => {
  const clock = manualClock();
  const outcomes = ['fail', 'ok', 'fail'];
  const failures: number[] = [];
  const queue = createQueue<string>({
    clock,
    backoff: noJitter,
    work: async () => {
      if (outcomes.shift() === 'fail') throw new Error('no');
    },
    onError: (_key, _error, retry) => failures.push(retry.failures),
  });
  queue.add('a');
  await turn();
  clock.advance(100);
  await queue.idle();
  queue.add('a');
  await turn();
  t.same(failures, [1, 1]);
  await queue.stop();
});

test('a key does not run more often than allowed, and the last addition is not lost', async (t) => {
  const clock = manualClock();
  const starts: number[] = [];
  const queue = createQueue<string>({ clock, minIntervalMs: 200, work: async () => void starts.push(clock.now()) });
  for (let i = 0; i < 100; i++) {
    queue.add('a');
    await turn();
    clock.advance(10);
  }
  await queue.idle();
  t.same(starts, [0, 200, 400, 600, 800, 1000]);
});

test('the rate of one key does not hold up another', async (t) => {
  const clock = manualClock();
  const ran: string[] = [];
  const queue = createQueue<string>({ clock, minIntervalMs: 200, work: async (key) => void ran.push(key) });
  queue.add('a');
  await turn();
  queue.add('a');
  queue.add('b');
  await turn();
  t.same(ran, ['a', 'b']);
  clock.advance(200);
  await queue.idle();
  t.same(ran, ['a', 'b', 'a']);
});

test('of several delayed additions the earliest counts', async (t) => {
  const clock = manualClock();
  const starts: number[] = [];
  const queue = createQueue<string>({ clock, work: async () => void starts.push(clock.now()) });
  queue.addAfter('a', 500);
  queue.addAfter('a', 100);
  queue.addAfter('a', 300);
  clock.advance(1000);
  await queue.idle();
  t.same(starts, [1000], 'once: the clock was moved before the work could start');
  await queue.stop();
});

test('stop waits for what runs and starts nothing more', async (t) => {
  const clock = manualClock();
  const { work, running, finish } = gate();
  const queue = createQueue<string>({ clock, work });
  for (const key of ['a', 'b']) queue.add(key);
  queue.addAfter('c', 10);
  await turn();
  let isStopped = false;
  const stopped = queue.stop().then(() => (isStopped = true));
  await turn();
  t.notOk(isStopped, 'a still runs');
  finish('a');
  await stopped;
  queue.add('d');
  clock.advance(100);
  await turn();
  t.same(running(), []);
});

test('stop does not wait for attempts that are planned for later', async (t) => {
  const clock = manualClock();
  let runs = 0;
  const queue = createQueue<string>({
    clock,
    work: async () => {
      runs++;
      throw new Error('never');
    },
  });
  queue.add('a');
  await turn();
  await queue.stop();
  clock.advance(100_000);
  await turn();
  t.equal(runs, 1);
});

test('idle resolves at once when there is nothing to do', async (t) => {
  await t.resolves(createQueue<string>({ work: async () => undefined }).idle());
});

test('the delay doubles up to its maximum, and jitter only shortens it', async (t) => {
  const cases = [
    { failures: 1, random: 0, delay: 100 },
    { failures: 2, random: 0, delay: 200 },
    { failures: 4, random: 0, delay: 800 },
    { failures: 5, random: 0, delay: 1000 },
    { failures: 5000, random: 0, delay: 1000 },
    { failures: 1, random: 1, delay: 50 },
    { failures: 5000, random: 0.5, delay: 750 },
  ];
  for (const { failures, random, delay } of cases) {
    t.equal(backoffDelayMs({ baseMs: 100, maxMs: 1000, jitter: 0.5 }, failures, random), delay);
  }
});
