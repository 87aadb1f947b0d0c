// Garbage: what counts as ownerless, and when.
import { test } from 'tap';
import { type NetworkEndpoint, networkEndpointSchema } from '../../../lib/api/network-endpoint.ts';
import { orphanedClaims, orphanedEndpoints } from '../../../lib/controller/garbage-plan.ts';

const claim = (kind: 'Network' | 'NodePeer', uid: string) => ({
  ...{ name: uid, value: '4097', pool: undefined, uid: 'c', createdAt: '' },
  holder: { kind, name: 'x', uid },
});

test('a claim is suspect when no object of its holder’s kind has that uid', async (t) => {
  const claims = [claim('Network', 'a'), claim('Network', 'b'), claim('NodePeer', 'a'), claim('NodePeer', 'p')];
  const found = orphanedClaims(claims, { Network: new Set(['a']), NodePeer: new Set(['p']) });
  t.same(
    found.map(({ holder }) => [holder.kind, holder.uid]),
    [
      ['Network', 'b'],
      ['NodePeer', 'a'],
    ],
  );
});

const endpoint = (address: string, nodeName: string): NetworkEndpoint =>
  networkEndpointSchema.parse({
    apiVersion: 'warren.dev/v1alpha1',
    kind: 'NetworkEndpoint',
    metadata: { name: `blue.${address}`, uid: address, resourceVersion: '1' },
    spec: {
      network: 'blue',
      addresses: [`${address}/24`],
      mac: '02:42:0a:00:00:02',
      nodeName,
      interface: 'net1',
      containerID: 'c',
    },
  });

test('endpoints of a missing node expire after the grace period; a node that comes back starts it anew', async (t) => {
  const endpoints = [endpoint('10.0.0.2', 'here'), endpoint('10.0.0.3', 'gone')];
  const look = (nodes: string[], before: ReadonlyMap<string, number>, now: number) =>
    orphanedEndpoints(endpoints, new Set(nodes), before, { now, graceMs: 100 });

  const first = look(['here'], new Map(), 1000);
  t.same([first.expired, [...first.missingSince]], [[], [['gone', 1000]]]);
  const second = look(['here'], first.missingSince, 1099);
  t.same([second.expired, [...second.missingSince]], [[], [['gone', 1000]]]);
  t.same(
    look(['here'], second.missingSince, 1100).expired.map(({ metadata }) => metadata.name),
    ['blue.10.0.0.3'],
  );

  const back = look(['here', 'gone'], second.missingSince, 1100);
  t.same([back.expired, [...back.missingSince]], [[], []]);
  t.same(look(['here'], back.missingSince, 1150).expired, []);
});
