import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { discover, loadFacts, sameFacts, saveFacts } from '../../../lib/agent/node-facts.ts';
import type { IpAddress } from '../../../lib/net/address.ts';
import { ip, prefix } from '../dataplane/sample.ts';
import { facts } from './objects.ts';

const devices = new Map<IpAddress, { name: string; mtu: number }>([
  [ip('172.30.0.11'), { name: 'eth0', mtu: 1500 }],
  [ip('fd00::11'), { name: 'eth1', mtu: 9000 }],
]);
const find = (address: IpAddress) => Promise.resolve(devices.get(address));
const subnets = [prefix('172.20.0.0/24')];

void test('which of its addresses a node is reached at', async (t) => {
  const rows: readonly (readonly [
    what: string,
    addresses: readonly string[],
    vteps: readonly string[],
    mtu: number,
  ])[] = [
    ['one', ['172.30.0.11'], ['172.30.0.11'], 1500],
    ['as the Node lists them', ['fd00::11', '172.30.0.11'], ['fd00::11', '172.30.0.11'], 9000],
    ['one that no device has is passed over', ['192.0.2.1', 'fd00::11'], ['fd00::11'], 9000],
  ];
  for (const [what, addresses, vteps, underlayMtu] of rows) {
    const found = await discover(addresses.map(ip), subnets, find);
    t.strictSame(found, { kind: 'facts', facts: { vteps, underlayMtu, gatewaySubnets: subnets } }, what);
  }
});

void test('a node that cannot tell says why and what to do', async (t) => {
  t.strictSame(await discover([ip('192.0.2.1'), ip('192.0.2.2')], subnets, find), {
    kind: 'unknown',
    reason: 'no device of this node has its address (192.0.2.1, 192.0.2.2): name it with --node-ip',
  });
  t.match(await discover([], subnets, find), { reason: /\(none is known\)/ });
});

void test('facts outlive a restart; a file that is not readable is as none', async (t) => {
  const path = join(t.testdir(), 'node.json');
  t.equal(await loadFacts(path), undefined);
  await saveFacts(path, facts);
  t.equal(statSync(path).mode & 0o777, 0o600);
  const loaded = await loadFacts(path);
  t.strictSame(loaded, facts);
  t.ok(sameFacts(loaded, facts));
  t.notOk(sameFacts(loaded, { ...facts, underlayMtu: 9000 }));
  t.notOk(sameFacts(undefined, facts));
  const text = readFileSync(path, 'utf8');
  for (const broken of ['', text.slice(0, 20), text.replace('172.30.0.11', '172.30.0.300'), '{"vteps":[]}']) {
    writeFileSync(path, broken);
    t.equal(await loadFacts(path), undefined, broken);
  }
});
