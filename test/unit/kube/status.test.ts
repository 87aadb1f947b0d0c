// Conditions and status patches.
import { test } from 'tap';
import { mergePatchOf, setConditions } from '../../../lib/kube/status.ts';

const first = new Date('2026-01-01T00:00:00.123Z');
const later = new Date('2026-01-02T00:00:00Z');
const ready = { type: 'Ready', status: 'True', reason: 'Ready', message: 'fine' } as const;

test('the transition time moves only when the status changes', async (t) => {
  const once = setConditions(undefined, [ready], { generation: 1, now: first });
  t.same(once, [{ ...ready, observedGeneration: 1, lastTransitionTime: '2026-01-01T00:00:00Z' }]);
  const reworded = setConditions(once, [{ ...ready, message: 'still fine' }], { generation: 2, now: later });
  t.match(reworded, [{ message: 'still fine', observedGeneration: 2, lastTransitionTime: '2026-01-01T00:00:00Z' }]);
  const broken = setConditions(reworded, [{ ...ready, status: 'False' }], { generation: 2, now: later });
  t.match(broken, [{ status: 'False', lastTransitionTime: '2026-01-02T00:00:00Z' }]);
});

test('conditions of others stay, in their place', async (t) => {
  const theirs = { type: 'Theirs', status: 'Unknown', reason: 'X', message: '', lastTransitionTime: '' } as const;
  const both = setConditions([theirs], [ready], { generation: undefined, now: first });
  t.same(both, [theirs, { ...ready, lastTransitionTime: '2026-01-01T00:00:00Z' }]);
  t.same(setConditions(both, [], { generation: 1, now: later }), both);
});

test('the patch names what differs and nothing else', async (t) => {
  const current = { vni: 4097, endpoints: 3, subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.1' }], other: true };
  const cases: [string, object, object | undefined][] = [
    ['equal', { vni: 4097, subnets: [{ gateway: '10.0.0.1', cidr: '10.0.0.0/24' }] }, undefined],
    ['a number', { vni: 4097, endpoints: 4 }, { endpoints: 4 }],
    ['a list is replaced whole', { subnets: [] }, { subnets: [] }],
    ['to be absent', { endpoints: undefined }, { endpoints: null }],
    ['absent already', { nodes: undefined }, undefined],
    ['new', { nodes: 0 }, { nodes: 0 }],
  ];
  for (const [name, wanted, patch] of cases) t.same(mergePatchOf(current, wanted), patch, name);
});
