import { setImmediate as tick } from 'node:timers/promises';
import { test } from 'tap';
import { createKeyedLock } from '../../../lib/agent/keyed-lock.ts';

void test('one key never runs beside itself, in the order asked; others are not held up', async (t) => {
  const lock = createKeyedLock();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const work =
    (name: string, until: Promise<unknown> = tick()) =>
    async (): Promise<string> => {
      log.push(`+${name}`);
      await until;
      log.push(`-${name}`);
      return name;
    };
  const all = [lock.run('a', work('a1', gate.promise)), lock.run('a', work('a2')), lock.run('b', work('b1'))];
  t.equal(await all[2], 'b1');
  t.strictSame(log, ['+a1', '+b1', '-b1']);
  gate.resolve();
  t.strictSame(await Promise.all(all), ['a1', 'a2', 'b1']);
  t.strictSame(log.slice(3), ['-a1', '+a2', '-a2']);
});

void test('a failure is its own caller’s, and does not stop those behind it', async (t) => {
  const lock = createKeyedLock();
  const failing = lock.run('a', () => Promise.reject(new Error('broken')));
  const next = lock.run('a', () => Promise.resolve('fine'));
  await t.rejects(failing, /broken/);
  t.equal(await next, 'fine');
});

void test('idle waits for what is running and for what that starts', async (t) => {
  const lock = createKeyedLock();
  const log: string[] = [];
  void lock.run('a', async () => {
    await tick();
    void lock.run('b', async () => {
      await tick();
      log.push('b');
    });
    log.push('a');
  });
  await lock.idle();
  t.strictSame(log, ['a', 'b']);
  await lock.idle();
});
