import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import { networkNetns, netnsVni, parseVethAlias, vethAlias, vethName } from '../../../lib/dataplane/owner.ts';
import { parseIfName } from '../../../lib/net/ifname.ts';
import { VNI_MAX, VNI_MIN } from '../../../lib/net/vni.ts';
import { ifName, toVni } from './sample.ts';

const containerID = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/);
const interfaceName = fc
  .stringMatching(/^[\x21-\x7e]{1,15}$/)
  .filter((text) => parseIfName(text).ok)
  .map(ifName);

void test('a veth has a name that every restart computes again, that the kernel takes, and that tells it is ours', (t) => {
  t.equal(vethName('c1', ifName('eth0')), 'warrenyy6mdwbeg');
  const property = fc.property(containerID, interfaceName, (container, inside) => {
    const name = vethName(container, inside);
    assert.ok(parseIfName(name).ok);
    assert.match(name, /^warren[a-z2-7]{9}$/);
  });
  fc.assert(property);
  t.end();
});

void test('interfaces have names of their own', (t) => {
  const names = Array.from({ length: 5000 }, (_, i) => vethName(`container-${i >> 1}`, ifName(`net${i & 1}`)));
  t.equal(new Set(names).size, names.length);
  t.not(vethName('a', ifName('b0')), vethName('ab', ifName('0')));
  t.end();
});

void test('an alias names the attachment', (t) => {
  const property = fc.property(containerID, interfaceName, (container, inside) => {
    assert.deepEqual(parseVethAlias(vethAlias(container, inside)), { containerID: container, ifname: inside });
  });
  fc.assert(property);
  for (const foreign of ['', 'warren', 'warren:c1', 'warren::eth0', 'uplink', 'other:c1:eth0', 'warren:c1:eth0:x'])
    t.equal(parseVethAlias(foreign), undefined, foreign);
  t.end();
});

void test('a namespace of ours is told by its name', (t) => {
  for (const vni of [VNI_MIN, 4097, VNI_MAX]) t.equal(netnsVni(networkNetns('/run/netns', toVni(vni))), vni);
  const foreign = ['host', '/run/netns/cni-1', '/run/netns/warren-', '/run/netns/warren-12', '/run/netns/warren-04097'];
  for (const path of [...foreign, '/run/netns/warren-99999999', '/run/netns/warren-4097x', 'warren-4097'])
    t.equal(netnsVni(path), undefined, path);
  t.end();
});
