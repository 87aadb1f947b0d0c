// Which Go is good enough, and what the pinned modules say.
import { test } from 'tap';
import { modules, pinnedVersion } from '../../cluster/assets.ts';
import { goPin, isAtLeast } from '../../cluster/go-toolchain.ts';

test('versions of Go compare by number', (t) => {
  const cases: readonly (readonly [have: string, least: string, enough: boolean])[] = [
    ['go1.26.8', '1.26.0', true],
    ['go1.26.0', '1.26.0', true],
    ['go1.26', '1.26.0', true],
    ['go1.25.9', '1.26.0', false],
    ['go1.19.8', '1.26.0', false],
    ['go1.26.1', '1.26.2', false],
    ['go1.100.0', '1.26.0', true],
    ['go2.0.0', '1.26.0', true],
    ['go1.26.3 X:nocoverageredesign', '1.26.2', true],
    ['devel +abcdef', '1.26.0', false],
  ];
  for (const [have, least, enough] of cases) t.equal(isAtLeast(have, least), enough, `${have} for ${least}`);
  t.end();
});

test('go.mod names the Go that is needed and the one to fetch', (t) => {
  t.same(goPin('module x\n\ngo 1.26.0\n\ntoolchain go1.26.8\n'), { least: '1.26.0', toolchain: '1.26.8' });
  t.throws(() => goPin('module x\n\ngo 1.26.0\n'), /toolchain/);
  t.end();
});

test('every module pins the version of what it builds', (t) => {
  for (const module of modules) t.match(pinnedVersion(module), /^v\d+\.\d+\.\d+$/);
  t.throws(() => pinnedVersion({ ...modules[0]!, versionOf: 'example.com/none' }), /requires no example.com\/none/);
  t.end();
});
