// Slots against the obvious implementation: an array of counters.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t, { test } from 'tap';
import { type Block, Slots } from '../../../lib/ipam/slots.ts';

const BITS = 6;
const COUNT = 2 ** BITS;

class Counters {
  readonly #times = new Array<number>(COUNT).fill(0);
  add({ first, level }: Block, by: number): void {
    for (let slot = first; slot < first + 2 ** level; slot++) this.#times[slot] = (this.#times[slot] ?? 0) + by;
  }
  lowestFree(): number | undefined {
    const found = this.#times.indexOf(0);
    return found < 0 ? undefined : found;
  }
  used(): number {
    return this.#times.filter((times) => times > 0).length;
  }
}

const block = fc
  .record({ level: fc.integer({ min: 0, max: BITS }), at: fc.nat({ max: COUNT - 1 }) })
  .map(({ level, at }): Block => ({ level, first: at - (at % 2 ** level) }));
const steps = fc.array(fc.record({ block, what: fc.constantFrom('take', 'take one', 'free', 'look') }), {
  maxLength: 200,
});

test('whatever is taken and freed, the lowest free slot and the count are right', async () => {
  const property = fc.property(steps, (story) => {
    const slots = new Slots(COUNT);
    const expected = new Counters();
    const held: Block[] = [];
    for (const step of story) {
      const taken = step.what === 'take one' ? { ...step.block, level: 0 } : step.block;
      if (step.what === 'free') {
        for (const one of held.splice(step.block.first % (held.length + 1), 1)) {
          slots.free(one);
          expected.add(one, -1);
        }
      } else if (step.what !== 'look') {
        slots.take(taken);
        expected.add(taken, 1);
        held.push(taken);
      } else {
        assert.equal(slots.lowestFree(), expected.lowestFree());
        assert.equal(slots.used(), expected.used());
      }
    }
    assert.equal(slots.lowestFree(), expected.lowestFree());
    assert.equal(slots.used(), expected.used());
  });
  fc.assert(property, { numRuns: 500 });
});

test('freeing what nobody took changes nothing', async () => {
  const slots = new Slots(4);
  slots.free({ first: 0, level: 0 });
  slots.take({ first: 0, level: 1 });
  slots.free({ first: 0, level: 0 });
  t.equal(slots.lowestFree(), 2);
});

test('what is freed again and again without a look is not kept for ever', async () => {
  const slots = new Slots(300_000);
  for (let slot = 0; slot < 200_000; slot++) slots.take({ first: slot, level: 0 });
  t.equal(slots.lowestFree(), 200_000);
  for (let slot = 0; slot < 150_000; slot++) slots.free({ first: slot, level: 0 });
  t.equal(slots.lowestFree(), 0);
  slots.take({ first: 0, level: 0 });
  t.equal(slots.lowestFree(), 1);
  t.equal(slots.used(), 50_001);
});
