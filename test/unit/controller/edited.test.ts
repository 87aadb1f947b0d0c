// Objects that somebody edited by hand into nonsense: what was given out stays, nothing is given twice.
import t, { type Test, test } from 'tap';
import * as z from 'zod';
import { networkClaims } from '../../../lib/api/network-claim.ts';
import { type Network, networks } from '../../../lib/api/network.ts';
import { nodePeers } from '../../../lib/api/node-peer.ts';
import { addressPools } from '../../../lib/api/address-pool.ts';
import { isReady, settled, startCluster, subnetsOf, type TestCluster } from './cluster.ts';

t.setTimeout(300_000);

/** Two networks with what the pool gives, and a controller that keeps them so. */
async function startPair(t: Test): Promise<{ cluster: TestCluster; blue: Network; green: Network }> {
  const cluster = await startCluster(t);
  await cluster.pool('default', '10.0.0.0/8', 24);
  await cluster.pool('gateway', '172.20.0.0/14', 24, 'gateway');
  cluster.controller();
  await cluster.network('blue');
  const blue = await cluster.whenNetwork('blue', 'Ready', 'True');
  await cluster.network('green');
  return { cluster, blue, green: await cluster.whenNetwork('green', 'Ready', 'True') };
}

/** Whatever comes back: it need not be a Network any more. */
const edit = (cluster: TestCluster, status: object) =>
  cluster.client.patch({ ...networks, schema: z.unknown() }, 'blue', { status }, { subresource: 'status' });

/** As it was before somebody meddled. */
async function restored(t: Test, cluster: TestCluster, before: Network): Promise<void> {
  const { name } = before.metadata;
  await cluster.whenNetworks((all) => {
    const now = all.find(({ metadata }) => metadata.name === name);
    return now !== undefined && isReady(now) && now.status.vni === before.status.vni && sameSubnets(now, before);
  });
  await settled(t, cluster, { networks: 2 });
}
const sameSubnets = (a: Network, b: Network): boolean =>
  JSON.stringify(a.status.subnets) === JSON.stringify(b.status.subnets);

test('another VNI or subnet in the status than what was claimed: the claims say what it was', async (t) => {
  const { cluster, blue, green } = await startPair(t);
  const edits: readonly (readonly [what: string, status: object])[] = [
    ['the VNI of another network', { vni: green.status.vni }],
    ['a VNI that nobody has', { vni: 77_777 }],
    ['the subnet of another network', { subnets: green.status.subnets }],
    ['a subnet that nobody has', { subnets: [{ cidr: '192.168.0.0/24', gateway: '192.168.0.1' }] }],
    ['a subnet too many', { subnets: [...(blue.status.subnets ?? []), { cidr: '10.9.0.0/24', gateway: '10.9.0.1' }] }],
    ['a gateway from elsewhere', { subnets: [{ ...blue.status.subnets?.[0], gateway: '10.99.0.1' }] }],
    ['no subnets', { subnets: [] }],
    ['counts that are wrong', { endpoints: 12, nodes: -3, available: 0 }],
    ['no conditions', { conditions: null }],
    ['nothing at all of it', { subnets: null, vni: null, conditions: null, observedGeneration: null }],
  ];
  for (const [what, status] of edits) {
    await edit(cluster, status);
    await t.test(what, (t) => restored(t, cluster, blue));
  }
});

test('a status that cannot be read is written anew', async (t) => {
  const { cluster, blue } = await startPair(t);
  // The definition asks for a CIDR; that its host bits are zero is our own rule.
  await edit(cluster, { subnets: [{ cidr: '10.0.0.77/24', gateway: '10.0.0.1' }] });
  await restored(t, cluster, blue);
});

test('a NodePeer whose subnets were taken away, or exchanged for those of another node', async (t) => {
  const { cluster } = await startPair(t);
  const subnetOf = async (name: string) =>
    (await cluster.whenPeer(name, ({ spec }) => spec.gatewaySubnets.length === 1)).spec.gatewaySubnets;
  for (const name of ['n1', 'n2']) {
    await cluster.node(name);
    await subnetOf(name);
  }
  const [one, two] = [await subnetOf('n1'), await subnetOf('n2')];
  for (const gatewaySubnets of [[], two, ['192.168.0.0/24']]) {
    await cluster.client.patch(nodePeers, 'n1', { spec: { gatewaySubnets } });
    const back = await cluster.whenPeer('n1', ({ spec }) => spec.gatewaySubnets[0] === one[0]);
    t.same(back.spec.gatewaySubnets, one);
  }
  t.same(await subnetOf('n2'), two);
});

test('a pool whose status says nonsense says the truth again', async (t) => {
  const { cluster } = await startPair(t);
  await cluster.whenPool('default', ({ status }) => status.used === 2);
  const status = { total: 1, used: 900, free: -5, conditions: null };
  await cluster.client.patch(addressPools, 'default', { status }, { subresource: 'status' });
  const pool = await cluster.whenPool('default', (one) => one.status.used === 2);
  t.match(pool.status, { total: 65_536, used: 2, free: 65_534 });
});

test('the subnet stays that of its network when the claim is deleted and another network comes', async (t) => {
  const { cluster, blue } = await startPair(t);
  await cluster.client.delete(networkClaims, `vni.${blue.status.vni}`);
  await cluster.client.delete(networkClaims, 'subnet.10.0.0.0.24');
  await cluster.network('red');
  await cluster.whenNetwork('red', 'Ready', 'True');
  t.same(subnetsOf(await cluster.client.get(networks, 'blue')), subnetsOf(blue));
  await settled(t, cluster, { networks: 3 });
});
