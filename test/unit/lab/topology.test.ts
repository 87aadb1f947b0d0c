import { test } from 'tap';
import { DEFAULT_OPTIONS, fabricAddresses, labNodes, parseLabOptions } from '../../../lib/lab/topology.ts';

test('nodes are numbered from n1 and .11', (t) => {
  const nodes = labNodes({ ...DEFAULT_OPTIONS, nodes: 2 });
  t.strictSame(nodes, [
    { name: 'n1', addresses: ['172.30.0.11/24'] },
    { name: 'n2', addresses: ['172.30.0.12/24'] },
  ]);
  t.end();
});

test('on an IPv6 underlay a node names its IPv6 address first', (t) => {
  t.strictSame(labNodes({ ...DEFAULT_OPTIONS, nodes: 1, underlayFamily: 6 }), [
    { name: 'n1', addresses: ['fd30::11/64', '172.30.0.11/24'] },
  ]);
  t.strictSame(fabricAddresses(6), ['fd30::1/64', '172.30.0.1/24']);
  t.end();
});

test('options outside their range are refused by name', (t) => {
  const cases = [
    [{ nodes: 0 }, '--nodes 0: write a whole number from 1 to 64'],
    [{ nodes: 65 }, '--nodes 65: write a whole number from 1 to 64'],
    [{ nodes: 1.5 }, '--nodes 1.5: write a whole number from 1 to 64'],
    [{ nodes: Number.NaN }, '--nodes NaN: write a whole number from 1 to 64'],
    [{ underlayMtu: 1349 }, '--underlay-mtu 1349: write a whole number from 1350 to 65535'],
    [{ underlayFamily: 5 }, '--underlay-family 5: write 4 or 6'],
  ] as const;
  for (const [wanted, error] of cases) t.strictSame(parseLabOptions(wanted), { ok: false, error });
  t.strictSame(parseLabOptions({}), { ok: true, value: DEFAULT_OPTIONS });
  t.end();
});
