/** The annotation by which a pod asks for networks. */
import { test } from 'tap';
import { ANNOTATION_NETWORKS, parsePodNetworks } from '../../../lib/api/pod-networks.ts';

const plain = (network: string, ifname: string) => ({ network, interface: ifname, ips: [], aliases: [] });

const right: readonly (readonly [string, readonly unknown[]])[] = [
  ['', []],
  ['  \n', []],
  ['[]', []],
  ['blue', [plain('blue', 'net1')]],
  ['blue,green', [plain('blue', 'net1'), plain('green', 'net2')]],
  [' blue , green@vpn0 ', [plain('blue', 'net1'), plain('green', 'vpn0')]],
  ['blue,blue', [plain('blue', 'net1'), plain('blue', 'net2')]],
  ['blue@net2,green@net1', [plain('blue', 'net2'), plain('green', 'net1')]],
  ['[{"name":"blue"}]', [plain('blue', 'net1')]],
  ['\n [ {"name":"blue","ips":null,"mac":null} ]', [plain('blue', 'net1')]],
  [
    '[{"name":"blue","interface":"b0","ips":["10.0.0.5/24","FD00::5"],"mac":"02:42:0A:00:00:05","aliases":["DB","db.blue"]}]',
    [
      {
        network: 'blue',
        interface: 'b0',
        ips: [{ ip: '10.0.0.5', prefixLength: 24 }, { ip: 'fd00::5' }],
        aliases: ['db', 'db.blue'],
        mac: '02:42:0a:00:00:05',
      },
    ],
  ],
  ['[{"name":"blue","default-route":["10.0.0.1"]}]', [{ ...plain('blue', 'net1'), defaultRoute: ['10.0.0.1'] }]],
];

test('both forms are read', (t) => {
  for (const [text, requests] of right) t.strictSame(parsePodNetworks(text), { ok: true, value: requests }, text);
  t.end();
});

const wrong: readonly (readonly [string, RegExp])[] = [
  ['blue,', /entry 2 \(""\): write NETWORK or NETWORK@INTERFACE/],
  [',', /entry 1/],
  ['@net1', /entry 1 \("@net1"\)/],
  ['blue@a@b', /entry 1 \("blue@a@b"\)/],
  ['blue@', /entry 1.*"" is not an interface name/],
  ['Blue', /entry 1.*"Blue" is not a network name/],
  ['blue green', /entry 1.*not a network name/],
  ['default/blue', /Networks belong to no namespace: write "blue"/],
  ['blue@eth0', /entry 1.*"eth0" is taken/],
  ['blue@lo', /"lo" is taken/],
  [`blue@${'x'.repeat(16)}`, /entry 1.*not an interface name/],
  ['blue@a/b', /entry 1/],
  ['blue@x,green@x', /entries 1 and 2: both name the interface "x"/],
  ['blue@net2,green', /entries 1 and 2: both name the interface "net2"/],
  ['[', /not valid JSON/],
  ['[{"name":"blue"}', /not valid JSON/],
  ['["blue"]', /entry 1: expected an object, found "blue"/],
  ['[{}]', /entry 1 \(nothing\)\.name: expected a string/],
  ['[{"name":"blue","namespace":"default"}]', /remove the key "namespace"/],
  ['[{"name":"ns/blue"}]', /write "blue"/],
  ['[{"name":"blue","ip":["10.0.0.5"]}]', /unknown key "ip": known are name, interface/],
  ['[{"name":"blue","portMappings":[]}]', /unknown key "portMappings"/],
  ['[{"name":"blue","__proto__":{"mac":"x"}}]', /unknown key "__proto__"/],
  ['[{"name":"blue","ips":"10.0.0.5"}]', /entry 1 \("blue"\)\.ips: expected a list/],
  ['[{"name":"blue","ips":["10.0.0.256"]}]', /\.ips: "10\.0\.0\.256" is not an IP address/],
  ['[{"name":"blue","ips":["10.0.0.5","10.0.0.6"]}]', /one address per family/],
  ['[{"name":"blue","mac":"01:00:5e:00:00:01"}]', /\.mac: .*unicast/],
  ['[{"name":"blue","aliases":["a b"]}]', /\.aliases\[0\]: "a b" is no DNS name/],
  ['[{"name":"blue","aliases":[""]}]', /no DNS name/],
  ['[{"name":"blue","default-route":["x"]}]', /\.default-route\[0\]/],
  [
    '[{"name":"a","default-route":["10.0.0.1"]},{"name":"b","default-route":["10.0.0.2"]}]',
    /2 entries have a default-route/,
  ],
  [Array.from({ length: 65 }, () => 'blue').join(), /65 networks: at most 64/],
  ['x'.repeat(300_000), /longer than/],
];

test('an annotation that is wrong is refused with the entry and what to write', (t) => {
  for (const [text, message] of wrong) {
    const result = parsePodNetworks(text);
    t.match(result, { ok: false, error: message }, text.slice(0, 100));
    t.match(result, { error: ANNOTATION_NETWORKS });
  }
  t.end();
});
