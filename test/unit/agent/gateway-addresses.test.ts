import { test } from 'tap';
import { createGatewayAddresses, type GatewayAddresses } from '../../../lib/agent/gateway-addresses.ts';
import type { IpAddress, Prefix } from '../../../lib/net/address.ts';
import { prefixAddress } from '../../../lib/net/address.ts';
import { ifName, ip, prefix } from '../dataplane/sample.ts';

/** Of a journal that records each address when it is taken. */
function withJournal(...recorded: readonly string[]) {
  const journal = new Set<IpAddress>(recorded.map(ip));
  const addresses = createGatewayAddresses(() => journal);
  const take = (subnets: readonly Prefix[], ...wanted: readonly string[]) => {
    const ips = wanted.map((one) => ({ ip: ip(one) }));
    const record = addresses.take(subnets, ifName('eth0'), 1450, ips);
    for (const one of record.addresses) journal.add(prefixAddress(one));
    return record;
  };
  return { journal, addresses, take };
}
const small = [prefix('172.20.0.0/29')];
const free = (addresses: GatewayAddresses) => addresses.hasFree(small);

void test('addresses follow each other, and one that was given back comes again last', (t) => {
  const { journal, addresses, take } = withJournal('172.20.0.3');
  const given = [take(small), take(small)].map((one) => one.addresses);
  t.strictSame(given, [['172.20.0.2/29'], ['172.20.0.4/29']], 'the gateway and what the journal has are passed over');
  journal.delete(ip('172.20.0.2'));
  t.strictSame(take(small).addresses, ['172.20.0.5/29']);
  t.strictSame(take(small).addresses, ['172.20.0.6/29']);
  t.equal(free(addresses), true);
  t.strictSame(take(small).addresses, ['172.20.0.2/29']);
  t.equal(free(addresses), false);
  t.throws(() => take(small), { code: 103, message: /no free address left in 172\.20\.0\.0\/29/ });
  t.end();
});

void test('an interface has an address of each family, and the MAC of the first', (t) => {
  const { take } = withJournal();
  const record = take([prefix('172.20.0.0/24'), prefix('fd00:20::/64')]);
  t.match(record, { on: { kind: 'gateway' }, ifname: 'eth0', mac: '02:42:ac:14:00:02', mtu: 1450 });
  t.strictSame(record.addresses, ['172.20.0.2/24', 'fd00:20::2/64']);
  t.end();
});

void test('an address that is asked for', (t) => {
  const { take } = withJournal('172.20.0.3');
  t.strictSame(take(small, '172.20.0.5').addresses, ['172.20.0.5/29']);
  const refused: readonly (readonly [address: string, code: number])[] = [
    ['172.20.0.3', 104],
    ['172.20.0.1', 105],
    ['10.0.0.1', 105],
  ];
  for (const [address, code] of refused)
    t.throws(() => take(small, address), { code, message: new RegExp(address.replaceAll('.', '\\.')) }, address);
  t.end();
});

void test('without a subnet there is none', (t) => {
  t.throws(() => withJournal().take([]), { name: 'CniError' });
  t.equal(withJournal().addresses.hasFree([]), false);
  t.end();
});
