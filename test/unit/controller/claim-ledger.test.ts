// The ledger: what is taken, from the moment of the decision on, whatever order the news comes in.
import { test } from 'tap';
import { type NetworkClaim, networkClaimSchema } from '../../../lib/api/network-claim.ts';
import { createClaimLedger } from '../../../lib/controller/claim-ledger.ts';
import { createTaken } from '../../../lib/controller/taken.ts';
import { parsePrefix } from '../../../lib/net/address.ts';
import { must } from '../../../lib/net/result.ts';

const blue = { kind: 'Network', name: 'blue', uid: 'u-blue' } as const;
const green = { kind: 'Network', name: 'green', uid: 'u-green' } as const;
const wanted = { name: 'subnet.10.0.0.0.24', value: '10.0.0.0/24', pool: 'default' };

function object(
  holder: NetworkClaim['spec']['holder'],
  uid = 'c-1',
  name = wanted.name,
  value = wanted.value,
): NetworkClaim {
  const metadata = { name, uid, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  return networkClaimSchema.parse({
    apiVersion: 'warren.dev/v1alpha1',
    kind: 'NetworkClaim',
    metadata,
    spec: { value, holder },
  });
}

function start() {
  let now = 0;
  const taken = createTaken();
  const ledger = createClaimLedger(taken, () => now);
  return {
    ledger,
    taken,
    /** As a plan sees it, which asks the ledger first. */
    isTaken: () => {
      ledger.heldBy('u-blue');
      return taken.subnets.has(must(parsePrefix(wanted.value)));
    },
    later: (ms: number) => (now += ms),
    held: (uid: string) => ledger.heldBy(uid).map((claim) => claim.uid),
  };
}

test('what is decided is taken and held at once, but not known to exist', async (t) => {
  const { ledger, held, isTaken, taken } = start();
  ledger.assume(wanted, blue);
  ledger.assume({ name: 'vni.4097', value: '4097', pool: undefined }, blue);
  t.ok(isTaken());
  t.equal(taken.vnis.lowestFree(), 4098);
  t.same(held('u-blue'), [undefined, undefined]);
});

test('created and seen, in either order, it is held once', async (t) => {
  for (const answerFirst of [true, false]) {
    const { ledger, held, isTaken } = start();
    ledger.assume(wanted, blue);
    if (answerFirst) ledger.confirm(object(blue));
    ledger.observe({ type: 'added', object: object(blue) });
    if (!answerFirst) ledger.confirm(object(blue));
    t.same(held('u-blue'), ['c-1']);
    ledger.observe({ type: 'deleted', object: object(blue) });
    t.same(held('u-blue'), []);
    t.notOk(isTaken());
  }
});

test('an answer that is older than the deletion brings nothing back', async (t) => {
  const { ledger, isTaken } = start();
  ledger.assume(wanted, blue);
  ledger.observe({ type: 'added', object: object(blue) });
  ledger.observe({ type: 'deleted', object: object(blue) });
  ledger.confirm(object(blue));
  t.notOk(isTaken());
});

test('a refused claim is not taken', async (t) => {
  const { ledger, isTaken } = start();
  ledger.assume(wanted, blue);
  ledger.forget(wanted.name);
  t.notOk(isTaken());
});

test('someone else’s claim is theirs, and taken', async (t) => {
  const { ledger, held, isTaken } = start();
  ledger.assume(wanted, blue);
  ledger.confirm(object(green));
  t.same(held('u-blue'), []);
  t.same(held('u-green'), ['c-1']);
  t.equal(ledger.byName(wanted.name)?.holder.name, 'green');
  t.ok(isTaken());
});

test('what the server never shows is free again after a while; what it confirmed, much later', async (t) => {
  const { ledger, later, isTaken } = start();
  ledger.assume(wanted, blue);
  later(59_000);
  t.ok(isTaken());
  later(2000);
  t.notOk(isTaken());
  ledger.assume(wanted, blue);
  ledger.confirm(object(blue));
  later(120_000);
  t.ok(isTaken());
});

test('a claim whose holder was edited by hand follows the edit', async (t) => {
  const { ledger, held } = start();
  ledger.observe({ type: 'added', object: object(blue) });
  ledger.observe({ type: 'updated', object: object(green), old: object(blue) });
  t.same([held('u-blue'), held('u-green')], [[], ['c-1']]);
});
