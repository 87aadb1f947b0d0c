// Changes by hand are told within 100 ms, from every namespace of ours, and nothing is told of what is not ours.
import { NETNS_DIR, addNetns, bridge, deleteNetns, ip, run } from './fresh-netns.ts';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import type { KernelObject, NetnsRef } from '../../lib/dataplane/object.ts';
import type { LinuxKernel } from '../../lib/kernel/linux.ts';
import {
  hostPrefix,
  ifName,
  ip as toIp,
  netns,
  prefix,
  sample as drawn,
  sandbox,
  toMac,
} from '../unit/dataplane/sample.ts';
import { converge, observeAll, openTestKernel, runIn } from './kernel.ts';

const QUIET_MS = 100;
/** The kernel reports the carrier of a new device up to a second later (net/core/link_watch.c). */
const CARRIER_MS = 1200;
const gateway: NetnsRef = 'host';
const sample = { ...drawn, bridge: { ...drawn.bridge, mac: toMac('02:42:0a:00:00:01') } };
const desired: readonly KernelObject[] = [
  ...Object.values(sample),
  { kind: 'bridge', netns: gateway, name: ifName('warren-gw'), mac: toMac('02:42:0a:01:00:01'), mtu: 1500 },
  { kind: 'address', netns: gateway, link: ifName('warren-gw'), address: hostPrefix('10.1.0.1/24') },
  {
    ...{ kind: 'veth', netns: gateway, name: ifName('warrenabc'), mtu: 1450, alias: 'warren:c1:eth0' },
    peer: { netns: sandbox, name: ifName('eth0'), mac: toMac('02:42:0a:01:00:02'), mtu: 1450 },
  },
  { kind: 'route', netns: gateway, link: ifName('warren-gw'), dst: prefix('10.2.0.0/24'), via: toIp('10.1.0.9') },
];

/** What was told, and how to wait for it. */
class Told {
  readonly netns: NetnsRef[] = [];
  #resolve: (() => void) | undefined;

  readonly add = (changed: NetnsRef): void => {
    this.netns.push(changed);
    this.#resolve?.();
  };

  /** Until nothing more comes, then forgets it all. */
  async settle(quiet = QUIET_MS): Promise<void> {
    do this.netns.length = 0;
    while ((await sleep(quiet), this.netns.length > 0));
  }

  /** How many milliseconds until `wanted` was told; Infinity when it was not within a second. */
  async until(wanted: NetnsRef): Promise<number> {
    const start = performance.now();
    while (!this.netns.includes(wanted) && performance.now() - start < 1_000) {
      await Promise.race([sleep(50), new Promise<void>((resolve) => (this.#resolve = resolve))]);
    }
    return this.netns.includes(wanted) ? performance.now() - start : Infinity;
  }
}

async function watched(t: Test): Promise<{ kernel: LinuxKernel; told: Told }> {
  addNetns('c1');
  t.teardown(() => deleteNetns('c1'));
  const kernel = await openTestKernel(t);
  t.same(await converge(kernel, desired, ['host', netns, sandbox]), []);
  await observeAll(kernel, ['host', netns, sandbox]);
  const told = new Told();
  t.teardown(kernel.watch(told.add));
  await told.settle();
  return { kernel, told };
}

const changes: readonly (readonly [name: string, where: NetnsRef, command: readonly string[]])[] = [
  ['a port flag', netns, ['bridge', 'link', 'set', 'dev', 'v1', 'isolated', 'on']],
  ['an FDB entry of a VXLAN device', netns, ['bridge', 'fdb', 'del', sample.fdbSelf.mac, 'dev', 'vxlan0', 'self']],
  ['a static FDB entry', netns, ['bridge', 'fdb', 'del', sample.fdbMaster.mac, 'dev', 'v1', 'master']],
  ['a neighbour', netns, ['ip', 'neigh', 'del', '10.0.0.3', 'dev', 'br0']],
  ['a neighbour too many', netns, ['ip', 'neigh', 'add', '10.0.0.9', 'lladdr', '02:00:00:00:00:09', 'dev', 'br0']],
  ['a table of nftables', netns, ['nft', 'delete', 'table', 'bridge', 'warren']],
  ['a container has lost its address', sandbox, ['ip', 'addr', 'flush', 'dev', 'net1']],
  ['a container has lost its route', sandbox, ['ip', 'route', 'add', '10.5.0.0/16', 'dev', 'net1', 'proto', '87']],
  ['an interface is down', sandbox, ['ip', 'link', 'set', 'net1', 'down']],
  ['a link is down', netns, ['ip', 'link', 'set', 'br0', 'down']],
  ['the VXLAN device', netns, ['ip', 'link', 'delete', 'vxlan0']],
  ['a veth', netns, ['ip', 'link', 'delete', 'v1']],
  ['an address of the gateway', gateway, ['ip', 'addr', 'add', '10.1.0.7/24', 'dev', 'warren-gw']],
  ['a route of ours', gateway, ['ip', 'route', 'del', '10.2.0.0/24']],
  ['the gateway', gateway, ['ip', 'link', 'delete', 'warren-gw']],
];

test('changes are told within 100 ms', async (t) => {
  const { told } = await watched(t);
  for (const [name, where, command] of changes) {
    if (where === 'host') run(command[0]!, ...command.slice(1));
    else runIn(where, ...command);
    const milliseconds = await told.until(where);
    t.ok(milliseconds < 100, `${name}: ${milliseconds.toFixed(1)} ms`);
    await told.settle();
  }
});

test('a namespace that goes by hand, or comes, is told', async (t) => {
  const { told } = await watched(t);
  deleteNetns('warren-4097');
  t.ok((await told.until(netns)) < 100, 'its name is gone');
  await told.settle();
  addNetns('warren-4098');
  t.ok((await told.until(`${NETNS_DIR}/warren-4098`)) < 100);
});

test('a namespace that was made anew under the same name is heard', async (t) => {
  const { kernel, told } = await watched(t);
  deleteNetns('warren-4097');
  await told.settle();
  const bare = [sample.own, sample.bridge];
  for (let rounds = 0; (await converge(kernel, bare, [netns])).length > 0 && rounds < 50; rounds++) await sleep(20);
  await told.settle();
  runIn(netns, 'ip', 'link', 'set', 'br0', 'down');
  t.ok((await told.until(netns)) < 100);
});

test('our own changes are told too', async (t) => {
  const { kernel, told } = await watched(t);
  await kernel.apply([{ kind: 'delete', object: sample.neighbour }]);
  t.ok((await told.until(netns)) < 100);
});

test('what others do in the namespace of the host is not told', async (t) => {
  const { told } = await watched(t);
  await told.settle(CARRIER_MS);
  ip('link', 'add', 'other0', 'type', 'bridge');
  t.teardown(() => ip('link', 'delete', 'other0'));
  ip('link', 'set', 'other0', 'up');
  ip('addr', 'add', '10.77.0.1/24', 'dev', 'other0');
  ip('route', 'add', '10.78.0.0/24', 'via', '10.77.0.2');
  ip('neigh', 'add', '10.77.0.2', 'lladdr', '02:00:00:00:00:77', 'dev', 'other0');
  bridge('fdb', 'add', '02:00:00:00:00:78', 'dev', 'other0', 'self');
  run('nft', 'add', 'table', 'inet', 'others');
  addNetns('others');
  t.teardown(() => deleteNetns('others'));
  runIn(`${NETNS_DIR}/others`, 'ip', 'link', 'set', 'lo', 'up');
  await sleep(QUIET_MS);
  t.same(told.netns, []);
});

test('a burst is told few times', async (t) => {
  const { told } = await watched(t);
  const entries = Array.from(
    { length: 2_000 },
    (_, at) => `fdb add 02:00:00:00:${hex(at >> 8)}:${hex(at & 255)} dev vxlan0 dst 192.0.2.1 self`,
  );
  writeFileSync('/run/batch', `${entries.join('\n')}\n`);
  runIn(netns, 'bridge', '-batch', '/run/batch');
  await sleep(QUIET_MS);
  t.ok(told.netns.length > 0 && told.netns.length < 10, `${told.netns.length} times`);
});

const hex = (value: number): string => value.toString(16).padStart(2, '0');

test('when more happens than the kernel can keep, everything may have changed', async (t) => {
  const { told } = await watched(t);
  const entries = Array.from(
    { length: 40_000 },
    (_, at) => `fdb add 02:00:00:00:${hex(at >> 8)}:${hex(at & 255)} dev vxlan0 dst 192.0.2.1 self`,
  );
  writeFileSync('/run/batch', `${entries.join('\n')}\n`);
  // The test itself stands still meanwhile, and reads nothing.
  runIn(netns, 'bridge', '-batch', '/run/batch');
  t.ok((await told.until('host')) < 1_000, 'also the namespaces in which nothing did');
  t.ok(told.netns.includes(sandbox));
});

test('who stops listening is told nothing', async (t) => {
  const { kernel } = await watched(t);
  const told = new Told();
  const undo = kernel.watch(told.add);
  undo();
  runIn(netns, 'ip', 'link', 'set', 'br0', 'down');
  await sleep(QUIET_MS);
  t.same(told.netns, []);
});

test('the underlay is found by its address, and its changes are told', async (t) => {
  const kernel = await openTestKernel(t);
  ip('link', 'add', 'eth0', 'mtu', '9000', 'type', 'bridge');
  t.teardown(() => ip('link', 'delete', 'eth0'));
  ip('addr', 'add', '172.30.0.11/24', 'dev', 'eth0');
  ip('addr', 'add', '2001:db8::11/64', 'dev', 'eth0', 'nodad');
  t.match(await kernel.underlay(toIp('172.30.0.11')), { name: 'eth0', mtu: 9000 });
  t.match(await kernel.underlay(toIp('2001:db8::11')), { name: 'eth0', mtu: 9000 });
  t.equal(await kernel.underlay(toIp('172.30.0.99')), undefined);
  const { promise, resolve } = Promise.withResolvers<void>();
  t.teardown(kernel.watchHostLinks(resolve));
  ip('link', 'set', 'eth0', 'mtu', '1400');
  await promise;
  t.match(await kernel.underlay(toIp('172.30.0.11')), { mtu: 1400 });
});
