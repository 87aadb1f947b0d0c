import { test } from 'tap';
import { networksAnnotation, parseContainerName } from '../../../lib/lab/container-request.ts';

const none = { network: [], ip: [], alias: [] };

test('the flags of `lab run` become the annotation', (t) => {
  const cases = [
    [none, undefined],
    [{ ...none, network: ['blue'] }, 'blue'],
    [{ ...none, network: ['blue', 'green@net9'] }, 'blue,green@net9'],
    [{ ...none, network: ['blue'], ip: ['10.0.0.9'] }, '[{"name":"blue","ips":["10.0.0.9"]}]'],
    [
      { network: ['blue@data'], ip: [], mac: '02:42:0a:00:00:09', alias: ['db'] },
      '[{"name":"blue","interface":"data","mac":"02:42:0a:00:00:09","aliases":["db"]}]',
    ],
  ] as const;
  for (const [flags, value] of cases) t.strictSame(networksAnnotation(flags), { ok: true, value });
  t.end();
});

test('flags that mean nothing together, and values that are none, are refused', (t) => {
  const cases = [
    [{ ...none, ip: ['10.0.0.9'] }, /--ip, --mac and --alias need exactly one --network/],
    [{ ...none, network: ['a', 'b'], mac: '02:42:0a:00:00:09' }, /need exactly one --network/],
    [{ ...none, network: ['Blue'] }, /not a network name/],
    [{ ...none, network: ['blue'], ip: ['10.0.0'] }, /not an IP address/],
    [{ ...none, network: ['blue@eth0'] }, /"eth0" is taken/],
  ] as const;
  for (const [flags, error] of cases) {
    const parsed = networksAnnotation(flags);
    t.notOk(parsed.ok, JSON.stringify(flags));
    t.match(!parsed.ok && parsed.error, error);
  }
  t.end();
});

test('a container has a name that a Pod can have', (t) => {
  for (const name of ['a', 'a-1', 'a'.repeat(63)]) t.ok(parseContainerName(name).ok, name);
  for (const name of ['', 'A', 'a.b', '-a', 'a-', '../a', 'a'.repeat(64)]) t.notOk(parseContainerName(name).ok, name);
  t.end();
});
