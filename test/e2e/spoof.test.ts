// A pod speaks in its own name or not at all.
import { type Test, test } from 'tap';
import type { Lab } from '../../lib/lab/lab.ts';
import { capture, mark } from './capture.ts';
import { knowEachOther } from './convergence.ts';
import { addressOf, network, run, withLab } from './lab-harness.ts';
import { macOf } from './network-kernel.ts';
import { at, containerPlace, type Place } from './traffic.ts';

const STRANGER = '02:42:de:ad:be:ef';

interface Cast {
  readonly lab: Lab;
  /** Where the spoofer runs, and its own address. */
  readonly spoofer: Place;
  readonly own: string;
  /** A pod on the same node and one on another. */
  readonly victims: readonly { readonly name: string; readonly address: string }[];
  /** An address of the network that nobody has. */
  readonly free: string;
  /** A pod on the spoofer's node that every victim hears. */
  readonly friend: { readonly name: string; readonly address: string };
}

/** Runs commands at the spoofer while all victims look for frames of the filter; returns what they saw. */
async function seenBy(
  { lab, spoofer, victims, friend }: Cast,
  filter: string,
  commands: readonly (readonly string[])[],
): Promise<readonly string[]> {
  const either = `(${filter}) or (icmp and src host ${friend.address})`;
  const captures = await Promise.all(
    victims.map(async ({ name }) => capture(lab, await containerPlace(lab, name), 'net1', either)),
  );
  for (const command of commands) await at(lab, spoofer, command);
  for (const { address } of victims) await mark(lab, friend.name, address);
  return (await Promise.all(captures.map((each) => each.stopAtMark()))).flat();
}

/** Frames of every kind to each victim, from whatever MAC and address the spoofer has at that moment. */
const pings = (cast: Cast, from: string): readonly (readonly string[])[] =>
  cast.victims.map(({ address }) => ['ping', '-n', '-c2', '-i0.2', '-W0.2', '-I', from, address]);

async function restore({ lab, spoofer, own }: Cast, prefix: string): Promise<void> {
  await at(lab, spoofer, ['ip', 'link', 'set', 'net1', 'address', macOf(own)]);
  await at(lab, spoofer, ['ip', 'addr', 'flush', 'dev', 'net1']);
  await at(lab, spoofer, ['ip', 'addr', 'add', `${own}/${prefix}`, 'dev', 'net1']);
  await at(lab, spoofer, ['ip', 'neigh', 'flush', 'dev', 'net1', 'nud', 'all']);
}

test('a pod that bears', async (t: Test) => {
  const lab = await withLab(t, { nodes: 2 });
  const blue = await network(lab, 'blue');
  const prefix = blue.subnet.replace(/.*\//, '');
  const evil = await run(lab, 'evil', 'n1', 'blue');
  const near = await run(lab, 'near', 'n1', 'blue');
  const far = await run(lab, 'far', 'n2', 'blue');
  const friend = await run(lab, 'friend', 'n1', 'blue');
  await knowEachOther(lab, blue, [evil, near, far, friend]);
  const victims = [near, far].map((pod) => ({ name: pod.record.name, address: addressOf(pod) }));
  const own = addressOf(evil);
  const free = own.replace(/\d+$/, '200');
  const cast: Cast = {
    ...{ lab, spoofer: await containerPlace(lab, 'evil'), own, victims, free },
    friend: { name: 'friend', address: addressOf(friend) },
  };
  t.afterEach(() => restore(cast, prefix));

  await t.test('its own MAC and address is heard, so that the captures below mean something', async (t) => {
    const seen = await seenBy(cast, `icmp and src host ${own}`, pings(cast, own));
    t.ok(seen.length >= 4, `${seen.length} frames`);
    const arp = await seenBy(cast, `arp and ether src ${macOf(own)}`, [['arping', '-U', '-c1', '-I', 'net1', own]]);
    t.ok(arp.length >= 1, `${arp.length} announcements, on its node`);
  });

  for (const [what, ip] of [
    ["another pod's address on its node", victims[0]!.address],
    ["another pod's address on another node", victims[1]!.address],
    ['an address that nobody has', free],
    ['an address of another subnet', '192.0.2.99'],
  ] as const) {
    await t.test(`its own MAC with ${what} gets nothing through`, async (t) => {
      await at(lab, cast.spoofer, ['ip', 'addr', 'add', `${ip}/32`, 'dev', 'net1']);
      t.strictSame(await seenBy(cast, `ether src ${macOf(own)} and src host ${ip}`, pings(cast, ip)), [], 'IP');
      const claims = [
        ['arping', '-U', '-c1', '-I', 'net1', '-s', ip, ip],
        ['arping', '-A', '-c1', '-I', 'net1', '-s', ip, ip],
        ['arping', '-c1', '-w1', '-I', 'net1', '-s', ip, victims[0]!.address],
      ];
      t.strictSame(
        await seenBy(cast, `arp and ether src ${macOf(own)} and arp[14:4] = ${asNumber(ip)}`, claims),
        [],
        'ARP',
      );
    });
  }

  for (const [what, mac] of [
    ["another pod's MAC", macOf(victims[0]!.address)],
    ['a MAC that nobody has', STRANGER],
  ] as const) {
    await t.test(`${what} gets nothing through`, async (t) => {
      await at(lab, cast.spoofer, ['ip', 'link', 'set', 'net1', 'address', mac]);
      for (const { address } of victims)
        await at(lab, cast.spoofer, ['ip', 'neigh', 'replace', address, 'lladdr', macOf(address), 'dev', 'net1']);
      const filter = `(ether src ${mac} and not src host ${victims[0]!.address}) or (arp and src host ${own})`;
      const arp = ['arping', '-U', '-c1', '-I', 'net1', own];
      t.strictSame(await seenBy(cast, filter, [...pings(cast, own), arp]), []);
    });
  }

  await t.test('its own again is heard again', async (t) => {
    const seen = await seenBy(cast, `icmp and src host ${own}`, pings(cast, own));
    t.ok(seen.length >= 4, `${seen.length} frames`);
  });
});

/** As a tcpdump expression compares it. */
const asNumber = (ip: string): number => ip.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
