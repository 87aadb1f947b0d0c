// What is read as an address or a prefix, as Kubernetes reads it.
import { test } from 'tap';
import { parseHostPrefix, parseIp, parsePrefix } from '../../../lib/net/address.ts';

test('an address is read into its one spelling, or refused', async (t) => {
  for (const [text, value] of [
    ['10.0.0.2', '10.0.0.2'],
    ['fd00::2', 'fd00::2'],
    ['FD00:0:0::0002', 'fd00::2'],
  ] as const)
    t.same(parseIp(text), { ok: true, value });
  for (const text of ['', '10.0.0', '010.0.0.2', '10.0.0.256', 'fe80::1%eth0', '::10.0.0.2', '::ffff:a00:2', '1::2::3'])
    t.match(parseIp(text), { ok: false, error: /is not an IP address: write one such as/ }, text);
});

test('a prefix length is written without leading zeros', async (t) => {
  t.same(parsePrefix('0.0.0.0/0'), { ok: true, value: '0.0.0.0/0' });
  for (const text of ['10.0.0.0/024', 'fd00::/064', '10.0.0.0/', '10.0.0.0/00']) {
    t.match(parsePrefix(text), { ok: false }, text);
    t.match(parseHostPrefix(text), { ok: false }, text);
  }
});
