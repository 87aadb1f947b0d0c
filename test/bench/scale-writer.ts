// A program that writes to the API server what the controller writes for a new Network, and decides nothing: what is left of the
// controller's CPU time above it is the controller's own. Prints milliseconds of CPU time for each Network.
import { readFile } from 'node:fs/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { events } from '../../lib/api/event.ts';
import { FINALIZER_IN_USE } from '../../lib/api/meta.ts';
import { networkClaims } from '../../lib/api/network-claim.ts';
import { networks } from '../../lib/api/network.ts';
import { createKubeClient } from '../../lib/kube/http-client.ts';
import { apiTime } from '../../lib/kube/status.ts';
import { eachNumber } from './scale-cluster.ts';

const [file = '', countText = '0'] = process.argv.slice(2);
const count = Number(countText);
const config = new KubeConfig();
config.loadFromString(await readFile(file, 'utf8'));
const client = createKubeClient(config, 'bench');
const name = (index: number): string => `bare-${index}`;

async function write(index: number): Promise<void> {
  const cidr = `12.${index >> 8}.${index & 255}.0/24`;
  const vni = 1_000_000 + index;
  const holder = { kind: 'Network', name: name(index), uid: `bare-${index}` };
  const claim = (named: string, value: string) =>
    client.create(networkClaims, { metadata: { name: named }, spec: { value, holder } });
  await client.patch(networks, name(index), { metadata: { finalizers: [FINALIZER_IN_USE] } });
  await Promise.all([claim(`subnet.${cidr.replace('/', '.')}`, cidr), claim(`vni.${vni}`, String(vni))]);
  const subnets = [{ cidr, gateway: cidr.replace('0/24', '1') }];
  const about = { reason: 'Ready', message: 'containers can attach', lastTransitionTime: apiTime(new Date()) };
  const conditions = ['Accepted', 'Allocated', 'Ready'].map((type) => ({ type, status: 'True', ...about }));
  const counts = { endpoints: 0, available: 253, nodes: 0, observedGeneration: 1 };
  const patch = { status: { subnets, vni, conditions, ...counts } };
  await client.patch(networks, name(index), patch, { subresource: 'status' });
  const involvedObject = { apiVersion: 'warren.dev/v1alpha1', kind: 'Network', name: name(index) };
  const metadata = { name: name(index), namespace: 'default' };
  const text = { type: 'Normal', reason: 'Allocated', message: `subnet ${cidr}; VNI ${vni}` };
  await client.create(events, { metadata, involvedObject, ...text }, { namespace: 'default' });
}

await eachNumber(0, count, (index) => client.create(networks, { metadata: { name: name(index) }, spec: {} }));
const before = process.cpuUsage();
await eachNumber(0, count, write);
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1000 / count);
await eachNumber(0, count, async (index) => {
  await client.patch(networks, name(index), { metadata: { finalizers: null } });
  await client.delete(networks, name(index));
});
const claims = (await client.list(networkClaims)).items.filter(({ spec }) => spec.holder.name.startsWith('bare-'));
await eachNumber(0, claims.length, (index) => client.delete(networkClaims, claims[index]?.metadata.name ?? ''));
client.close();
