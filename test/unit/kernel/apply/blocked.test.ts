import { test } from 'tap';
import { Blocked, BlockedError } from '../../../../lib/kernel/apply/blocked.ts';
import type { KernelObject } from '../../../../lib/dataplane/object.ts';
import type { Op } from '../../../../lib/dataplane/op.ts';
import { everything, sample } from '../../dataplane/sample.ts';

const create = (object: KernelObject): Op => ({ kind: 'create', object });
const plan = everything.map(create);

/** What cannot be once `failed` could not be made, going through the plan in order. */
function fallen(failed: KernelObject): string[] {
  const blocked = new Blocked(plan);
  const first = new Error('first');
  blocked.failed(create(failed), first);
  return plan.flatMap((op) => {
    const cause = blocked.causeOf(op);
    if (cause) blocked.failed(op, cause);
    return cause === first ? [op.object.kind] : [];
  });
}

const cases: readonly (readonly [failed: keyof typeof sample, kinds: readonly string[]])[] = [
  ['neighbour', []],
  ['fdbMaster', []],
  ['port', ['fdb-master']],
  ['veth', ['port', 'address', 'route', 'route', 'fdb-master']],
  ['vxlan', ['fdb-self']],
  ['bridge', ['port', 'neighbour', 'fdb-master']],
  ['table', ['nft-element', 'port', 'fdb-master']],
  [
    'own',
    [
      'sysctl',
      'nft-table',
      'nft-element',
      'bridge',
      'vxlan',
      'veth',
      'port',
      'address',
      'route',
      'route',
      'neighbour',
      'fdb-self',
      'fdb-master',
    ],
  ],
];

test('a failure takes what hangs on it or is checked by it, however far', async (t) => {
  for (const [failed, kinds] of cases) t.same(fallen(sample[failed]), kinds, failed);
});

test('deletions depend on nothing, and a failed change leaves the object there', async (t) => {
  const blocked = new Blocked(plan);
  blocked.failed({ kind: 'change', object: sample.veth, from: sample.veth }, new Error('refused'));
  t.equal(blocked.causeOf(create(sample.port)), undefined);
  blocked.failed(create(sample.veth), new Error('refused'));
  t.equal(blocked.causeOf({ kind: 'delete', object: sample.port }), undefined);
});

test('the error names both the op and the first cause', async (t) => {
  const error = new BlockedError(create(sample.address), new Error('cannot create link v1'));
  t.equal(
    error.message,
    'cannot create addr 10.0.0.2/24 dev net1 in netns /run/netns/c1: it depends on what failed before: cannot create link v1',
  );
});
