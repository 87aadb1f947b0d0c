/** Results of ADD across the versions of CNI. */
import { test } from 'tap';
import { CNI_VERSIONS } from '../../../lib/api/cni.ts';
import {
  type Attached,
  attachedResult,
  type CniResult,
  EMPTY_RESULT,
  formatResult,
  mergeResult,
  parseResult,
} from '../../../lib/api/cni-result.ts';
import { parseHostPrefix, parseIp, parsePrefix } from '../../../lib/net/address.ts';
import { must } from '../../../lib/net/result.ts';

const gateway = must(parseIp('10.0.0.1'));
const eth0: Attached = {
  ifname: 'eth0',
  mac: '02:42:0a:00:00:02',
  mtu: 1450,
  addresses: [
    { address: must(parseHostPrefix('10.0.0.2/24')), gateway },
    { address: must(parseHostPrefix('fd00::2/64')) },
  ],
  routes: [{ dst: must(parsePrefix('0.0.0.0/0')), gw: gateway, mtu: 1400 }],
};
const net1: Attached = {
  ifname: 'net1',
  mac: '02:42:0a:01:00:02',
  mtu: 1430,
  addresses: [{ address: must(parseHostPrefix('10.1.0.2/24')) }],
  routes: [],
};
const full = attachedResult('/run/netns/c1', eth0, [net1]);

test('ips holds the addresses of the primary interface and no others', (t) => {
  t.strictSame(
    full.ips.map((ip) => [ip.address, ip.interface]),
    [
      ['10.0.0.2/24', 0],
      ['fd00::2/64', 0],
    ],
  );
  t.strictSame(
    full.interfaces.map((one) => [one.name, one.sandbox]),
    [
      ['eth0', '/run/netns/c1'],
      ['net1', '/run/netns/c1'],
    ],
  );
  t.end();
});

test('each version is written with the keys that it has', (t) => {
  const written = (version: (typeof CNI_VERSIONS)[number]): unknown => JSON.parse(formatResult(full, version));
  t.strictSame(written('1.1.0'), {
    cniVersion: '1.1.0',
    interfaces: [
      { name: 'eth0', mac: '02:42:0a:00:00:02', mtu: 1450, sandbox: '/run/netns/c1' },
      { name: 'net1', mac: '02:42:0a:01:00:02', mtu: 1430, sandbox: '/run/netns/c1' },
    ],
    ips: [
      { address: '10.0.0.2/24', gateway: '10.0.0.1', interface: 0 },
      { address: 'fd00::2/64', interface: 0 },
    ],
    routes: [{ dst: '0.0.0.0/0', gw: '10.0.0.1', mtu: 1400 }],
  });
  for (const version of ['0.3.0', '0.3.1', '0.4.0', '1.0.0'] as const) {
    const isOld = version !== '1.0.0';
    t.strictSame(written(version), {
      cniVersion: version,
      interfaces: [
        { name: 'eth0', mac: '02:42:0a:00:00:02', sandbox: '/run/netns/c1' },
        { name: 'net1', mac: '02:42:0a:01:00:02', sandbox: '/run/netns/c1' },
      ],
      ips: [
        { ...(isOld ? { version: '4' } : {}), address: '10.0.0.2/24', gateway: '10.0.0.1', interface: 0 },
        { ...(isOld ? { version: '6' } : {}), address: 'fd00::2/64', interface: 0 },
      ],
      routes: [{ dst: '0.0.0.0/0', gw: '10.0.0.1' }],
    });
  }
  t.end();
});

test('a result that was written reads back the same, in every version', (t) => {
  for (const version of CNI_VERSIONS) {
    const written: unknown = JSON.parse(formatResult(full, version));
    t.strictSame(JSON.parse(formatResult(parseResult(written), version)), written, version);
  }
  t.strictSame(parseResult(JSON.parse(formatResult(full, '1.1.0'))), full);
  t.end();
});

test('nulls and empty strings of Go count as absent', (t) => {
  t.strictSame(parseResult({ interfaces: null, ips: null, routes: null, dns: null }), EMPTY_RESULT);
  t.strictSame(parseResult({ interfaces: [{ name: 'a', mac: '', sandbox: '' }] }).interfaces, [{ name: 'a' }]);
  t.end();
});

test('a previous result keeps its entries, ours follow with their indices moved', (t) => {
  const prev: CniResult = {
    interfaces: [{ name: 'lo', sandbox: '/run/netns/c1' }, { name: 'host0' }],
    ips: [{ address: must(parseHostPrefix('127.0.0.1/8')), interface: 0 }],
    routes: [],
    dns: { nameservers: ['10.96.0.10'], search: ['svc'] },
  };
  const merged = mergeResult(prev, full);
  t.strictSame(
    merged.interfaces.map((one) => one.name),
    ['lo', 'host0', 'eth0', 'net1'],
  );
  t.strictSame(
    merged.ips.map((ip) => ip.interface),
    [0, 2, 2],
  );
  t.strictSame(merged.routes, full.routes);
  t.strictSame(merged.dns, prev.dns);
  t.strictSame(mergeResult(EMPTY_RESULT, full), full);
  t.end();
});

test('a previous result that is wrong is refused with code 7 and the key', (t) => {
  const table: readonly (readonly [unknown, RegExp])[] = [
    [[], /prevResult: expected an object, found a list/],
    [{ interfaces: {} }, /prevResult\.interfaces: expected a list, found an object/],
    [{ interfaces: [{}] }, /interfaces\[0\]\.name: expected a string, found nothing/],
    [{ interfaces: [{ name: 'a', mtu: -1 }] }, /interfaces\[0\]\.mtu: expected a whole number/],
    [{ ips: [{ address: '10.0.0.1' }] }, /ips\[0\]\.address: "10\.0\.0\.1" has no prefix length/],
    [{ ips: [{ address: '10.0.0.1/24', interface: 0 }] }, /ips\[0\]\.interface/],
    [{ routes: [{ dst: '10.0.0.1/24' }] }, /routes\[0\]\.dst.*host bits/],
    [{ routes: [{ dst: '10.0.0.0/24', gw: 'x' }] }, /routes\[0\]\.gw/],
    [{ dns: { search: [1] } }, /dns\.search\[0\]: expected a string, found 1/],
  ];
  for (const [value, message] of table) t.throws(() => parseResult(value), { code: 7, message }, JSON.stringify(value));
  t.end();
});
