import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { Coalescer } from '../../../../lib/kernel/watch/coalescer.ts';

test('a burst is told once a key, soon, and the next one again', async (t) => {
  const coalescer = new Coalescer<string>(5);
  const told: string[] = [];
  coalescer.listen((key) => told.push(key));
  for (const key of ['a', 'b', 'a', 'a']) coalescer.changed(key);
  t.same(told, []);
  await sleep(20);
  t.same(told, ['a', 'b']);
  coalescer.changed('a');
  await sleep(20);
  t.same(told, ['a', 'b', 'a']);
});

test('a change that never stops is told all the time', async (t) => {
  const coalescer = new Coalescer<string>(5);
  let count = 0;
  coalescer.listen(() => count++);
  for (let round = 0; round < 20; round++) {
    coalescer.changed('a');
    await sleep(3);
  }
  t.ok(count >= 3, `${count} times`);
});

test('each listener is told until it stops, though it be the same function twice', async (t) => {
  const coalescer = new Coalescer<string>(1);
  let count = 0;
  const listener = () => {
    count++;
  };
  const stop = coalescer.listen(listener);
  coalescer.listen(listener);
  coalescer.changed('a');
  await sleep(10);
  t.equal(count, 2);
  stop();
  coalescer.changed('a');
  await sleep(10);
  t.equal(count, 3);
  coalescer.changed('a');
  coalescer.stop();
  await sleep(10);
  t.equal(count, 3);
});
