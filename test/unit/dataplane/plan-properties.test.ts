import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import { type KernelObject, objectKey } from '../../../lib/dataplane/object.ts';
import { plan } from '../../../lib/dataplane/plan.ts';
import { createFakeKernel } from '../../../lib/kernel/fake.ts';
import { world } from './world.ts';

const byKey = (objects: readonly KernelObject[]) =>
  objects.toSorted((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1)).map((object) => ({ ...object }));

void test('any state to any state: the plan succeeds, reaches the state, and is then empty', async () => {
  const property = fc.asyncProperty(world, world, async (before, after) => {
    const kernel = createFakeKernel(before);
    const { failed } = await kernel.apply(plan(after, kernel.objects()));
    const messages = failed.map(({ error }) => error.message);
    assert.deepEqual(messages, []);
    assert.deepEqual(byKey(kernel.objects()), byKey(after));
    assert.deepEqual(plan(after, kernel.objects()), []);
  });
  await fc.assert(property, { numRuns: 1500 });
});

void test('whichever single op fails, two more rounds reach the state', async () => {
  const property = fc.asyncProperty(world, world, fc.nat(), async (before, after, choice) => {
    const ops = plan(after, before);
    const victim = ops[choice % Math.max(ops.length, 1)];
    const kernel = createFakeKernel(before);
    const allow = kernel.refuse((op) => op === victim);
    const { failed } = await kernel.apply(ops);
    assert.equal(failed.length > 0, victim !== undefined);
    allow();
    for (let round = 0; round < 2; round++) await kernel.apply(plan(after, kernel.objects()));
    assert.deepEqual(byKey(kernel.objects()), byKey(after));
  });
  await fc.assert(property, { numRuns: 700 });
});

const shuffled = world.chain((objects) => {
  const all = { minLength: objects.length, maxLength: objects.length };
  return fc.tuple(fc.constant(objects), fc.shuffledSubarray([...objects], all));
});

void test('the same states give the same plan, in whatever order they come', (t) => {
  const property = fc.property(shuffled, shuffled, ([have, haveToo], [want, wantToo]) => {
    assert.deepEqual(plan(want, have), plan(wantToo, haveToo));
  });
  fc.assert(property, { numRuns: 200 });
  t.end();
});
