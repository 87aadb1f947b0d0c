import { test } from 'tap';
import type { NetnsRef } from '../../../lib/dataplane/object.ts';
import { KernelError, errnoName } from '../../../lib/kernel/error.ts';
import { type NetnsRole, roleOf } from '../../../lib/kernel/ownership.ts';

const roles: readonly (readonly [netns: NetnsRef, role: NetnsRole])[] = [
  ['host', 'host'],
  ['/run/netns/warren-4097', 'network'],
  ['/run/netns/warren-16777215', 'network'],
  ['/run/netns/warren-1', 'container'],
  ['/run/netns/warren-lab', 'container'],
  ['/run/netns/warren-4097x', 'container'],
  ['/run/netns/x/warren-4097', 'container'],
  ['/var/run/netns/warren-4097', 'container'],
  ['/run/netns/cni-1', 'container'],
  ['/proc/7/ns/net', 'container'],
];

test('only warren-<vni> in the directory of the driver is a namespace of ours', async (t) => {
  for (const [netns, role] of roles) t.equal(roleOf(netns, '/run/netns'), role, netns);
});

test('errors have the names of errno(3)', async (t) => {
  const names = { 1: 'EPERM', 11: 'EAGAIN', 17: 'EEXIST', 19: 'ENODEV', 95: 'EOPNOTSUPP', 4095: 'E4095' };
  for (const [errno, name] of Object.entries(names)) t.equal(errnoName(Number(errno)), name);
});

test('an error says what was asked, why not, and the words of the kernel', async (t) => {
  t.equal(new KernelError('create veth wr0a1b2c', 17).message, 'cannot create veth wr0a1b2c: EEXIST (File exists)');
  const error = new KernelError('add a route', 101, 'Nexthop has invalid gateway');
  t.equal(error.message, 'cannot add a route: ENETUNREACH (Network is unreachable): Nexthop has invalid gateway');
  t.match(error, { errno: 101, code: 'ENETUNREACH', extack: 'Nexthop has invalid gateway' });
});
