import { test } from 'tap';
import { peerStatus, publishPeer } from '../../../lib/agent/peer-status.ts';
import { nodePeers } from '../../../lib/api/node-peer.ts';
import { startTestApi } from '../api-server.ts';
import { facts } from './objects.ts';

void test('the record says how the node is reached; it is written when that changes, and only then', async (t) => {
  const { client } = await startTestApi(t);
  const spec = { gatewaySubnets: facts.gatewaySubnets };
  const made = await client.create(nodePeers, { metadata: { name: 'n1' }, spec });
  const status = peerStatus(facts, 'life-1', ['green', 'blue']);
  await publishPeer(client, made, status);
  const first = await client.get(nodePeers, 'n1');
  t.match(first, {
    spec,
    status: { vteps: ['172.30.0.11'], underlayMTU: 1500, incarnation: 'life-1', networks: ['blue', 'green'] },
  });
  await publishPeer(client, first, peerStatus(facts, 'life-1', ['blue', 'green']));
  t.equal((await client.get(nodePeers, 'n1')).metadata.resourceVersion, first.metadata.resourceVersion);
  await publishPeer(client, first, peerStatus({ ...facts, underlayMtu: 9000 }, 'life-2', []));
  t.match((await client.get(nodePeers, 'n1')).status, { underlayMTU: 9000, incarnation: 'life-2', networks: [] });
});
