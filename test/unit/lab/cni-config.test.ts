import { test } from 'tap';
import {
  chooseConfFile,
  compareVersions,
  type ConfList,
  parseConfList,
  pluginInput,
} from '../../../lib/lab/cni-config.ts';

const list = (fields: object): string =>
  JSON.stringify({ cniVersion: '1.0.0', name: 'pods', plugins: [{ type: 'warren' }], ...fields });

test('a runtime takes the first file in lexical order that is a configuration', (t) => {
  t.equal(chooseConfFile(['20-b.conf', '.10-a.conflist.tmp', '10-a.conflist', 'README']), '10-a.conflist');
  t.equal(chooseConfFile(['README', 'a.conflist.bak']), undefined);
  t.end();
});

test('the highest version that both know is spoken', (t) => {
  const cases = [
    [{}, '1.0.0'],
    [{ cniVersion: undefined }, '0.1.0'],
    [{ cniVersions: ['0.4.0', '1.1.0'] }, '1.1.0'],
    [{ cniVersions: ['1.1.0', '2.0.0'] }, '1.1.0'],
    [{ cniVersion: '0.3.1', cniVersions: ['0.4.0'] }, '0.4.0'],
  ] as const;
  for (const [fields, version] of cases) {
    const parsed = parseConfList(list(fields));
    t.equal(parsed.ok && parsed.value.cniVersion, version, JSON.stringify(fields));
  }
  t.end();
});

test('a list that cannot be used is refused with the reason', (t) => {
  const cases = [
    ['{', /^not JSON: /],
    [list({ cniVersion: '2.0.0' }), /^this runtime speaks CNI up to 1\.1\.0, the list wants 2\.0\.0$/],
    [list({ name: '' }), /^name: /],
    [list({ plugins: [] }), /^plugins: /],
    [list({ plugins: [{}] }), /^plugins\[0\]\.type: /],
  ] as const;
  for (const [text, error] of cases) {
    const parsed = parseConfList(text);
    t.notOk(parsed.ok);
    t.match(!parsed.ok && parsed.error, error);
  }
  t.end();
});

test('versions compare by number, not by letter', (t) => {
  t.ok(compareVersions('0.10.0', '0.9.0') > 0);
  t.ok(compareVersions('1.0.0', '1.1.0') < 0);
  t.end();
});

test('a plugin gets name, version, previous result, and only what it declared', (t) => {
  const plugin = { type: 'warren', capabilities: { ips: true, mac: false }, mtu: 1400 };
  const conf: ConfList = { cniVersion: '1.1.0', cniVersions: [], name: 'pods', plugins: [plugin] };
  const args = { ips: ['10.0.0.2'], mac: '02:42:0a:00:00:02', bandwidth: {} };
  t.strictSame(pluginInput(conf, plugin, args, { ips: [] }), {
    type: 'warren',
    mtu: 1400,
    name: 'pods',
    cniVersion: '1.1.0',
    runtimeConfig: { ips: ['10.0.0.2'] },
    prevResult: { ips: [] },
  });
  t.strictSame(pluginInput(conf, { type: 'warren' }, args), { type: 'warren', name: 'pods', cniVersion: '1.1.0' });
  t.end();
});
