// Only the kernel's own VXLAN speaks on the tunnel's port, and only known nodes are heard on it.
import { test } from 'tap';
import { runCommand } from '../../lib/lab/command.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { ping } from '../../lib/lab/probe.ts';
import { capture, mark } from './capture.ts';
import { knowEachOther } from './convergence.ts';
import { addressOf, network, run, withLab } from './lab-harness.ts';
import { macOf } from './network-kernel.ts';
import { at, containerPlace, fabricPlace, nodePlace, type Place } from './traffic.ts';

/** A VXLAN datagram with an ARP request inside that asks a pod for itself: RFC 7348 section 5, RFC 826. */
function forgedArp(vni: number, from: string, to: string): Buffer {
  const header = Buffer.from([0x08, 0, 0, 0, vni >> 16, (vni >> 8) & 255, vni & 255, 0]);
  const mac = (ip: string): Buffer => Buffer.from(macOf(ip).replaceAll(':', ''), 'hex');
  const ip = (text: string): Buffer => Buffer.from(text.split('.').map(Number));
  const ethernet = Buffer.concat([mac(to), mac(from), Buffer.from([0x08, 0x06])]);
  const arp = Buffer.concat([Buffer.from([0, 1, 8, 0, 6, 4, 0, 1]), mac(from), ip(from), Buffer.alloc(6), ip(to)]);
  return Buffer.concat([header, ethernet, arp]);
}

const send = (lab: Lab, place: Place, datagram: Buffer, target: string, options = '') =>
  runCommand(place(['socat', '-u', '-', `UDP-SENDTO:${target}:4789${options}`]), { env: lab.env, input: datagram });

test('VXLAN that the kernel did not make', async (t) => {
  const lab = await withLab(t, { nodes: 2 });
  const blue = await network(lab, 'blue');
  const pods = [await run(lab, 'a1', 'n1', 'blue'), await run(lab, 'a2', 'n2', 'blue')] as const;
  await knowEachOther(lab, blue, pods);
  const [a1, a2] = [addressOf(pods[0]), addressOf(pods[1])];
  const forged = forgedArp(blue.vni, a1, a2);
  const isForged = `arp and src host ${a1}`;
  /** What of the forged came to the pod while `act` ran. */
  const heardByPod = async (act: () => Promise<unknown>): Promise<readonly string[]> => {
    const seen = await capture(
      lab,
      await containerPlace(lab, 'a2'),
      'net1',
      `(${isForged}) or icmp[icmptype] = icmp-echo`,
    );
    await act();
    await mark(lab, 'a1', a2);
    return (await seen.stopAtMark()).filter((line) => line.includes('ARP'));
  };

  await t.test('is heard if it bears the address of a node, so that the tests below mean something', async (t) => {
    const seen = await capture(lab, await containerPlace(lab, 'a2'), 'net1', isForged);
    await at(lab, fabricPlace(lab), ['ip', 'addr', 'add', '172.30.0.11/32', 'dev', 'lo']);
    await send(lab, fabricPlace(lab), forged, '172.30.0.12', ',bind=172.30.0.11');
    t.equal((await seen.stop(1)).length, 1);
    // The node learned where this address seemed to be.
    await at(lab, fabricPlace(lab), ['ip', 'addr', 'del', '172.30.0.11/32', 'dev', 'lo']);
    await at(lab, nodePlace(lab, 'n2'), ['ip', 'neigh', 'flush', 'dev', 'eth0']);
    t.type(await ping(lab, 'a1', a2), 'number', 'the node itself is back at its address');
  });

  await t.test('is not heard from an address that is no node', async (t) => {
    const arrived = await capture(lab, fabricPlace(lab), 'p-n2', 'src host 172.30.0.1 and udp port 4789');
    t.strictSame(await heardByPod(() => send(lab, fabricPlace(lab), forged, '172.30.0.12')), []);
    t.not((await arrived.stop(1)).length, 0, 'it did arrive at the node');
  });

  for (const [who, from] of [
    ['a program on a node', nodePlace(lab, 'n1')],
    ['a pod', await containerPlace(lab, 'a1')],
  ] as const) {
    await t.test(`does not leave the node when ${who} sends it`, async (t) => {
      const onWire = await capture(lab, fabricPlace(lab), 'p-n1', 'udp port 4789');
      const frames = await heardByPod(async () => {
        await send(lab, from, forged, '172.30.0.12');
        // From VXLAN's own port too, as one that masks itself would.
        await send(lab, from, forged, '172.30.0.12', ',sourceport=4790');
        t.type(await ping(lab, 'a1', a2), 'number', "the kernel's own goes out at the same time");
      });
      t.strictSame(frames, []);
      const sent = await onWire.stopAtMark();
      t.ok(
        sent.some((line) => line.includes('ICMP')),
        'the capture sees it',
      );
      t.strictSame(
        sent.filter((line) => line.includes('ARP')),
        [],
      );
    });
  }

  await t.test('is not heard from a program on the same node', async (t) => {
    t.strictSame(await heardByPod(() => send(lab, nodePlace(lab, 'n2'), forged, '172.30.0.12')), []);
  });
});
