// Leader election against the lab's API server: one leader, fail-over, clocks that are apart, and servers that are away.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { leases } from '../../../lib/api/lease.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import { type Election, startElection } from '../../../lib/kube/lease.ts';
import { silentLogger } from '../../../lib/telemetry/log.ts';
import { eventually, startTestApi } from '../api-server.ts';

/** Ten times as fast as in earnest. A lease's duration is whole seconds. */
const timing = { leaseMs: 1000, renewDeadlineMs: 700, retryMs: 100 };
const lease = { name: 'leader', namespace: 'default' };

function candidate(t: Test, client: KubeClient, identity: string, wallClock: () => number = Date.now) {
  const history: boolean[] = [];
  const election = startElection({
    ...lease,
    client,
    identity,
    wallClock,
    timing,
    logger: silentLogger,
    onChange: (isLeader) => history.push(isLeader),
  });
  t.teardown(() => election.stop());
  return { election, history };
}

const leading = (...elections: Election[]): number => elections.filter((election) => election.isLeader).length;

test('of several exactly one leads, and the lease names it', async (t) => {
  const { client, newClient } = await startTestApi(t);
  const all = ['a', 'b', 'c'].map((identity) => candidate(t, newClient(), identity));
  const elections = all.map(({ election }) => election);
  await eventually(
    () => leading(...elections),
    (count) => count === 1,
  );
  for (let i = 0; i < 20; i++) {
    await sleep(50);
    t.equal(leading(...elections), 1);
  }
  const held = await client.get(leases, lease.name, lease);
  t.match(held.spec, { leaseDurationSeconds: 1, leaseTransitions: 0, renewTime: /^\d{4}-.*\.\d{6}Z$/ });
  const leader = all.findIndex(({ election }) => election.isLeader);
  t.equal(held.spec.holderIdentity, ['a', 'b', 'c'][leader]);
  t.same(all[leader]?.history, [true], 'told once');
});

test('a leader that stops hands over at once', async (t) => {
  const { newClient } = await startTestApi(t);
  const first = candidate(t, newClient(), 'a');
  await eventually(() => first.election.isLeader, Boolean);
  const second = candidate(t, newClient(), 'b');
  await sleep(150);
  t.notOk(second.election.isLeader);
  const start = performance.now();
  await first.election.stop();
  await eventually(() => second.election.isLeader, Boolean);
  t.ok(performance.now() - start < 500, 'without waiting for the lease to expire');
  t.same(first.history, [true, false]);
});

test('a leader that is cut off stops leading before another begins', async (t) => {
  const { client, newClient, faults } = await startTestApi(t);
  const first = candidate(t, newClient(), 'a');
  await eventually(() => first.election.isLeader, Boolean);
  // As a network partition: nobody reaches the server, then only the second one does.
  faults.add({ kind: 'refuse', resource: 'leases' });
  await eventually(
    () => first.election.isLeader,
    (isLeader) => !isLeader,
  );
  faults.clear();
  await first.election.stop();
  await client.patch(leases, lease.name, { spec: { holderIdentity: 'a' } }, lease);
  const second = candidate(t, newClient(), 'b');
  const start = performance.now();
  await eventually(() => second.election.isLeader, Boolean);
  const waited = performance.now() - start;
  t.ok(waited >= 1000, `a dead leader's lease is respected for its duration: ${Math.round(waited)} ms`);
  t.ok(waited < 1600);
});

test('clocks that are hours apart elect one leader, and it stays', async (t) => {
  const { client, newClient } = await startTestApi(t);
  const hour = 3_600_000;
  const late = candidate(t, newClient(), 'late', () => Date.now() - 5 * hour);
  await eventually(() => late.election.isLeader, Boolean);
  const early = candidate(t, newClient(), 'early', () => Date.now() + 5 * hour);
  for (let i = 0; i < 30; i++) {
    await sleep(50);
    t.ok(late.election.isLeader);
    t.notOk(early.election.isLeader);
  }
  t.ok(Date.parse((await client.get(leases, lease.name, lease)).spec.renewTime ?? '') < Date.now() - 4 * hour);
});

test('a lease edited by hand or deleted does not end the election', async (t) => {
  const { client, newClient } = await startTestApi(t);
  const only = candidate(t, newClient(), 'a');
  await eventually(() => only.election.isLeader, Boolean);
  await client.delete(leases, lease.name, lease);
  await eventually(
    async () => (await client.list(leases)).items.length,
    (count) => count === 1,
  );
  await client.patch(leases, lease.name, { spec: null }, lease);
  await eventually(() => only.election.isLeader, Boolean, 5000);
  const held = await eventually(
    () => client.get(leases, lease.name, lease),
    ({ spec }) => spec.holderIdentity === 'a',
    5000,
  );
  t.equal(held.spec.leaseDurationSeconds, 1);
});
