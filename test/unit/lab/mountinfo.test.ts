import { test } from 'tap';
import { mountsBelow, parseMountinfo } from '../../../lib/lab/mountinfo.ts';

const text = `26 1 254:0 / / rw,relatime - ext4 /dev/vda rw
66 26 254:0 /tmp/lab/ns /tmp/lab/ns rw,relatime shared:23 - ext4 /dev/vda rw
70 66 0:4 net:[4026532247] /tmp/lab/ns/n1 rw shared:25 master:2 - nsfs nsfs rw
71 66 0:4 mnt:[4026532248] /tmp/lab/a\\040b\\134c rw - nsfs nsfs rw
72 26 254:0 / /tmp/lab-other rw - ext4 /dev/vda rw
`;

test('mounts are read with and without optional fields', (t) => {
  t.strictSame(parseMountinfo(text), [
    { root: '/', target: '/', type: 'ext4' },
    { root: '/tmp/lab/ns', target: '/tmp/lab/ns', type: 'ext4' },
    { root: 'net:[4026532247]', target: '/tmp/lab/ns/n1', type: 'nsfs' },
    { root: 'mnt:[4026532248]', target: '/tmp/lab/a b\\c', type: 'nsfs' },
    { root: '/', target: '/tmp/lab-other', type: 'ext4' },
  ]);
  t.end();
});

test('lines that are no mounts are passed over', (t) => {
  t.strictSame(parseMountinfo('\nnonsense\n1 2 3\n'), []);
  t.end();
});

test('what is below a folder comes deepest first, and a folder with the same beginning is not below it', (t) => {
  const targets = mountsBelow(parseMountinfo(text), '/tmp/lab').map((mount) => mount.target);
  t.strictSame(targets, ['/tmp/lab/a b\\c', '/tmp/lab/ns/n1', '/tmp/lab/ns']);
  t.end();
});
