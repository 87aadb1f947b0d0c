/** Versions, commands and error documents of CNI. */
import { test } from 'tap';
import {
  CNI_VERSIONS,
  checkCommandVersion,
  CniError,
  formatError,
  formatVersions,
  isAtLeast,
  parseCniVersion,
} from '../../../lib/api/cni.ts';

test('every version that we list is accepted, and nothing else', (t) => {
  for (const version of CNI_VERSIONS) t.equal(parseCniVersion(version), version);
  for (const version of ['0.1.0', '0.2.0', '1.0', '1.1.1', '9.9.9', '', '1.1.0 ', 'x']) {
    t.throws(() => parseCniVersion(version), { code: 1, message: /supports 0\.3\.0/ }, version);
  }
  t.throws(() => parseCniVersion(undefined), { code: 1, message: /has no cniVersion/ });
  t.end();
});

test('a command is refused before the version that brought it', (t) => {
  const table = [
    ['CHECK', '0.3.1', false],
    ['CHECK', '0.4.0', true],
    ['GC', '1.0.0', false],
    ['GC', '1.1.0', true],
    ['STATUS', '1.0.0', false],
    ['STATUS', '1.1.0', true],
    ['ADD', '0.3.0', true],
    ['DEL', '0.3.0', true],
  ] as const;
  for (const [command, version, served] of table) {
    const check = () => checkCommandVersion(command, version);
    if (served) t.doesNotThrow(check, `${command} in ${version}`);
    else t.throws(check, { code: 1, message: new RegExp(`${command} needs`) }, `${command} in ${version}`);
  }
  t.end();
});

test('versions are ordered', (t) => {
  t.ok(isAtLeast('1.0.0', '0.4.0'));
  t.ok(isAtLeast('1.0.0', '1.0.0'));
  t.notOk(isAtLeast('0.4.0', '1.0.0'));
  t.end();
});

test('an error document echoes the version and leaves out absent details', (t) => {
  const short = JSON.parse(formatError(new CniError(7, 'bad'), '0.4.0')) as unknown;
  t.strictSame(short, { cniVersion: '0.4.0', code: 7, msg: 'bad' });
  const long = JSON.parse(formatError(new CniError(11, 'later', 'why'), '9.9.9')) as unknown;
  t.strictSame(long, { cniVersion: '9.9.9', code: 11, msg: 'later', details: 'why' });
  t.end();
});

test('VERSION lists what we support', (t) => {
  t.strictSame(JSON.parse(formatVersions('0.4.0')), { cniVersion: '0.4.0', supportedVersions: [...CNI_VERSIONS] });
  t.end();
});
