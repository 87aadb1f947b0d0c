/** The network configuration: what the plugin reads of it, and what the agent reads besides. */
import { test } from 'tap';
import type { CniCommand } from '../../../lib/api/cni.ts';
import { decodeConfig, echoedVersion, parsePluginConf } from '../../../lib/api/cni-config.ts';
import { parseCniInput } from '../../../lib/api/cni-input.ts';
import { parseNetConf } from '../../../lib/api/cni-netconf.ts';

const base = { cniVersion: '1.1.0', name: 'warren', type: 'warren' };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a plain configuration is read, keys of other plugins are left alone', (t) => {
  const conf = parsePluginConf({ ...base, isGateway: true, dns: {} }, 'ADD');
  t.strictSame(conf, { cniVersion: '1.1.0', name: 'warren' });
  t.match(parsePluginConf({ ...base, network: 'blue' }, 'ADD'), { network: 'blue' });
  t.match(parsePluginConf({ ...base, agentSocket: '/a', queueDir: '/q' }, 'DEL'), {
    agentSocket: '/a',
    queueDir: '/q',
  });
  t.end();
});

test('stdin that is no JSON object is undecodable', (t) => {
  for (const text of ['', '{', 'null', '[]', '"x"', '5', '{"a":1}{']) {
    t.throws(() => decodeConfig(bytes(text)), { code: 6 }, JSON.stringify(text));
  }
  t.throws(() => decodeConfig(Uint8Array.of(0x7b, 0xff, 0x7d)), { code: 6 }, 'not UTF-8');
  t.end();
});

const wrong: readonly (readonly [object, CniCommand, number, RegExp])[] = [
  [{ cniVersion: undefined }, 'ADD', 1, /no cniVersion/],
  [{ cniVersion: '9.9.9' }, 'DEL', 1, /"9\.9\.9"/],
  [{ cniVersion: 5 }, 'ADD', 7, /cniVersion: expected a string, found 5/],
  [{ cniVersion: '0.3.1' }, 'CHECK', 1, /CHECK needs cniVersion 0\.4\.0/],
  [{ cniVersion: '1.0.0' }, 'GC', 1, /GC needs/],
  [{ cniVersion: '1.0.0' }, 'STATUS', 1, /STATUS needs/],
  [{ name: undefined }, 'ADD', 7, /name: expected a string, found nothing/],
  [{ name: '' }, 'ADD', 7, /name/],
  [{ name: '../x' }, 'ADD', 7, /name: "\.\.\/x"/],
  [{ name: ['x'] }, 'ADD', 7, /name: expected a string, found a list/],
  [{ network: 'Blue' }, 'ADD', 7, /network: "Blue" is not a network name/],
  [{ network: 'x'.repeat(64) }, 'ADD', 7, /network/],
  [{ ipam: { type: 'host-local' } }, 'ADD', 2, /ipam\.type: "host-local" is not supported/],
  [{ ipam: { type: 'host-local' } }, 'CHECK', 2, /ipam/],
  [{ ipam: ['x'] }, 'ADD', 2, /ipam: a list is not supported/],
  [{ ipam: { ranges: [] } }, 'ADD', 2, /ipam: an object is not supported/],
  [{ agentSocket: 'relative' }, 'ADD', 7, /agentSocket.*absolute path/],
  [{ agentSocket: `/${'x'.repeat(107)}` }, 'ADD', 7, /agentSocket: .*at most 107 bytes/],
  [{ 'cni.dev/valid-attachments': 'x' }, 'GC', 7, /valid-attachments: expected a list/],
  [{ 'cni.dev/valid-attachments': [{ containerID: 'a' }] }, 'GC', 7, /valid-attachments\[0\]\.ifname/],
  [{ 'cni.dev/valid-attachments': [{ containerID: '/', ifname: 'eth0' }] }, 'GC', 7, /\[0\]\.containerID: "\/"/],
];

test('a configuration that is wrong is refused with its code and its key', (t) => {
  for (const [change, command, code, message] of wrong) {
    t.throws(() => parsePluginConf({ ...base, ...change }, command), { code, message }, JSON.stringify(change));
  }
  t.end();
});

test('an empty ipam is none, and DEL does not look at it', (t) => {
  for (const ipam of [null, {}]) t.doesNotThrow(() => parsePluginConf({ ...base, ipam }, 'ADD'));
  t.doesNotThrow(() => parsePluginConf({ ...base, ipam: { type: 'host-local' } }, 'DEL'));
  t.end();
});

test('valid attachments: absent, null, empty and listed are told apart', (t) => {
  const entry = { containerID: 'c1', ifname: 'eth0' };
  const table: readonly (readonly [object, unknown])[] = [
    [{}, undefined],
    [{ 'cni.dev/valid-attachments': null }, []],
    [{ 'cni.dev/valid-attachments': [] }, []],
    [{ 'cni.dev/valid-attachments': [entry] }, [entry]],
    [{ 'cni.dev/attachments': null }, []],
    [{ 'cni.dev/attachments': [entry] }, [entry]],
    [{ 'cni.dev/attachments': [], 'cni.dev/valid-attachments': [entry] }, [entry]],
  ];
  for (const [keys, expected] of table) {
    t.strictSame(parsePluginConf({ ...base, ...keys }, 'GC').validAttachments, expected, JSON.stringify(keys));
  }
  t.end();
});

test('inherited properties are no keys', (t) => {
  t.throws(() => parsePluginConf(JSON.parse('{"__proto__": {"cniVersion": "1.1.0", "name": "x"}}') as never, 'ADD'), {
    code: 1,
  });
  t.end();
});

test('the agent reads what the runtime hands through', (t) => {
  const runtimeConfig = {
    ips: ['10.0.0.5', 'fd00::5/64'],
    mac: '02:42:0A:00:00:05',
    aliases: ['db'],
    'io.kubernetes.cri.pod-annotations': { 'warren.dev/networks': 'blue' },
  };
  t.strictSame(parseNetConf({ ...base, runtimeConfig }, 'ADD').runtimeConfig, {
    ips: [{ ip: '10.0.0.5' }, { ip: 'fd00::5', prefixLength: 64 }],
    aliases: ['db'],
    mac: '02:42:0a:00:00:05',
  });
  t.strictSame(parseNetConf(base, 'ADD').runtimeConfig, { ips: [], aliases: [] });
  t.end();
});

test('a wrong runtimeConfig or prevResult is refused by ADD and ignored by DEL', (t) => {
  const table: readonly (readonly [object, RegExp])[] = [
    [{ runtimeConfig: [] }, /runtimeConfig: expected an object, found a list/],
    [{ runtimeConfig: { ips: ['10.0.0.300'] } }, /runtimeConfig\.ips: "10\.0\.0\.300"/],
    [{ runtimeConfig: { ips: ['10.0.0.1', '10.0.0.2'] } }, /one address per family/],
    [{ runtimeConfig: { mac: 'x' } }, /runtimeConfig\.mac/],
    [{ prevResult: 'x' }, /prevResult: expected an object/],
    [{ prevResult: { ips: [{ address: 'x' }] } }, /prevResult\.ips\[0\]\.address/],
  ];
  for (const [change, message] of table) {
    t.throws(() => parseNetConf({ ...base, ...change }, 'ADD'), { code: 7, message }, JSON.stringify(change));
    t.doesNotThrow(() => parseNetConf({ ...base, ...change }, 'DEL'), JSON.stringify(change));
  }
  t.end();
});

test('the version to echo is found whatever else is wrong', (t) => {
  t.equal(echoedVersion({ cniVersion: 'odd' }), 'odd');
  t.equal(echoedVersion({ cniVersion: 4 }), undefined);
  const input = parseCniInput({ CNI_COMMAND: 'ADD' }, bytes('{"cniVersion":"0.4.0"}'), parsePluginConf);
  t.equal(input.echo, '0.4.0');
  t.match(input.parsed, { ok: false, error: { code: 4 } });
  t.end();
});

test('VERSION takes an empty stdin, not a broken one', (t) => {
  const env = { CNI_COMMAND: 'VERSION' };
  t.match(parseCniInput(env, bytes(''), parsePluginConf), { echo: '1.1.0', parsed: { ok: true } });
  t.match(parseCniInput(env, bytes('{"cniVersion":"0.2.0"}'), parsePluginConf), {
    echo: '0.2.0',
    parsed: { ok: true },
  });
  t.match(parseCniInput(env, bytes('{'), parsePluginConf).parsed, { ok: false, error: { code: 6 } });
  t.end();
});
