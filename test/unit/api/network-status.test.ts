/** The annotation that reports a pod's interfaces. */
import { test } from 'tap';
import { formatNetworkStatus } from '../../../lib/api/network-status.ts';
import { parseIp } from '../../../lib/net/address.ts';
import { must } from '../../../lib/net/result.ts';

test('the default interface comes first, each entry has the keys of the multi-net-spec', (t) => {
  const text = formatNetworkStatus([
    { name: 'blue', interface: 'net1', ips: [must(parseIp('10.1.0.2'))], mac: '02:42:0a:01:00:02', default: false },
    { name: 'warren', interface: 'eth0', ips: [must(parseIp('10.0.0.2'))], mac: '02:42:0a:00:00:02', default: true },
  ]);
  t.strictSame(JSON.parse(text), [
    { name: 'warren', interface: 'eth0', ips: ['10.0.0.2'], mac: '02:42:0a:00:00:02', default: true, dns: {} },
    { name: 'blue', interface: 'net1', ips: ['10.1.0.2'], mac: '02:42:0a:01:00:02', default: false, dns: {} },
  ]);
  t.end();
});
