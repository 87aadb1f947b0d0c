import { addNetns, NETNS_DIR } from '../fresh-netns.ts';
import { test } from 'tap';
import type { LocalEndpoint } from '../../../lib/dataplane/endpoint.ts';
import type { KernelObject } from '../../../lib/dataplane/object.ts';
import { plan } from '../../../lib/dataplane/plan.ts';
import { desiredGateway } from '../../../lib/gateway/desired.ts';
import { openKernel } from '../../../lib/kernel/linux.ts';
import { createNftDriver } from '../../../lib/kernel/nft/driver.ts';
import { parseHostPrefix, parseIp, parsePrefix } from '../../../lib/net/address.ts';
import { parseIfName } from '../../../lib/net/ifname.ts';
import { linkLocalFromMac, parseMac } from '../../../lib/net/mac.ts';
import { must } from '../../../lib/net/result.ts';
import { parseVni } from '../../../lib/net/vni.ts';
import { desiredNetwork } from '../../../lib/overlay/desired.ts';
import { capture, sendFrame } from './traffic.ts';
import { arpReply, BROADCAST, ethernet, icmp6, neighbourAdvert, tagged, udp4 } from './frame.ts';

const ip = (text: string) => must(parseIp(text));
const mac = (text: string) => must(parseMac(text));
const prefix = (text: string) => must(parsePrefix(text));

/** A segment with two endpoints, of which the first one lies. */
interface Segment {
  readonly name: string;
  readonly ifname: string;
  readonly liar: { readonly four: string; readonly six: string; readonly mac: string };
  readonly victim: { readonly four: string; readonly six: string; readonly mac: string };
}
const segments: readonly Segment[] = [
  {
    name: 'an overlay network',
    ifname: 'net1',
    liar: { four: '10.0.0.2', six: 'fd00::2', mac: '02:42:0a:00:00:02' },
    victim: { four: '10.0.0.3', six: 'fd00::3', mac: '02:42:0a:00:00:03' },
  },
  {
    name: 'the gateway bridge',
    ifname: 'eth0',
    liar: { four: '10.244.1.2', six: 'fd00:1::2', mac: '02:42:0a:f4:01:02' },
    victim: { four: '10.244.1.3', six: 'fd00:1::3', mac: '02:42:0a:f4:01:03' },
  },
];

const endpoint = (container: string, ifname: string, { four, six, mac: address }: Segment['liar']): LocalEndpoint => ({
  containerID: container,
  ifname: must(parseIfName(ifname)),
  sandbox: `${NETNS_DIR}/${container}`,
  mac: mac(address),
  addresses: [must(parseHostPrefix(`${four}/24`)), must(parseHostPrefix(`${six}/64`))],
});
const endpoints = ({ ifname, liar, victim }: Segment) => [
  endpoint('liar', ifname, liar),
  endpoint('victim', ifname, victim),
];

function desired([overlay, gateway]: readonly Segment[]): readonly KernelObject[] {
  const node = { mtu: 1450, vtep: ip('172.30.0.11') };
  const subnets = [
    { cidr: prefix('10.0.0.0/24'), gateway: ip('10.0.0.1') },
    { cidr: prefix('fd00::/64'), gateway: ip('fd00::1') },
  ];
  const network = { ...node, netnsDir: NETNS_DIR, vni: must(parseVni(4097)), port: 4789, subnets, remote: [] };
  return [
    ...desiredNetwork({ ...network, local: overlay ? endpoints(overlay) : [] }),
    ...desiredGateway({
      ...{ subnets: [prefix('10.244.1.0/24'), prefix('fd00:1::/64')], mtu: 1450, vteps: [node.vtep] },
      ...{ tunnelPorts: [4789, 4788], icc: true, masquerade: true, peers: [] },
      endpoints: gateway ? endpoints(gateway) : [],
    }),
  ];
}

/** What the liar sends, and whether the victim may see it. */
function attempts({ liar, victim }: Segment): readonly (readonly [what: string, frame: Buffer, passes: boolean])[] {
  const [me, you] = [mac(liar.mac), mac(victim.mac)];
  const [my4, your4, my6, your6] = [ip(liar.four), ip(victim.four), ip(liar.six), ip(victim.six)];
  const [myLocal, yourLocal] = [linkLocalFromMac(me), linkLocalFromMac(you)];
  const stranger = mac('02:42:de:ad:be:ef');
  const hop = Buffer.alloc(4);
  return [
    ['ARP in its own name', ethernet(me, BROADCAST, 0x0806, arpReply(me, my4)), true],
    ['ARP for the victim', ethernet(me, BROADCAST, 0x0806, arpReply(me, your4)), false],
    ['ARP for an address that nobody has', ethernet(me, BROADCAST, 0x0806, arpReply(me, ip('10.9.9.9'))), false],
    ['ARP whose sender is another than the frame’s', ethernet(me, BROADCAST, 0x0806, arpReply(stranger, my4)), false],
    ['ARP in a frame from a stranger', ethernet(stranger, BROADCAST, 0x0806, arpReply(me, my4)), false],
    ['ARP as the victim, frame included', ethernet(you, BROADCAST, 0x0806, arpReply(you, your4)), false],
    ['IPv4 from its own address', ethernet(me, you, 0x0800, udp4(my4, your4, 'x')), true],
    [
      'IPv4 broadcast from its own address',
      ethernet(me, BROADCAST, 0x0800, udp4(my4, ip('255.255.255.255'), 'x')),
      true,
    ],
    [
      'IPv4 from the gateway’s address',
      ethernet(me, you, 0x0800, udp4(ip(liar.four.replace(/2$/, '1')), your4, 'x')),
      false,
    ],
    ['IPv4 from the victim’s address', ethernet(me, you, 0x0800, udp4(your4, your4, 'x')), false],
    ['IPv4 from no address', ethernet(me, BROADCAST, 0x0800, udp4(ip('0.0.0.0'), ip('255.255.255.255'), 'x')), false],
    ['IPv4 from a stranger’s MAC', ethernet(stranger, you, 0x0800, udp4(my4, your4, 'x')), false],
    ['IPv4 as the victim', ethernet(you, you, 0x0800, udp4(your4, your4, 'x')), false],
    ['IPv4 in a VLAN from the victim’s address', tagged(me, you, 5, 0x0800, udp4(your4, your4, 'x')), false],
    ['IPv6 from its own address', ethernet(me, you, 0x86dd, icmp6(my6, your6, 128, hop)), true],
    ['IPv6 from its link-local address', ethernet(me, you, 0x86dd, icmp6(myLocal, yourLocal, 128, hop)), true],
    ['IPv6 from the victim’s address', ethernet(me, you, 0x86dd, icmp6(your6, your6, 128, hop)), false],
    ['IPv6 from the victim’s link-local address', ethernet(me, you, 0x86dd, icmp6(yourLocal, your6, 128, hop)), false],
    ['IPv6 from a stranger’s MAC', ethernet(stranger, you, 0x86dd, icmp6(my6, your6, 128, hop)), false],
    ['an advertisement of its own address', ethernet(me, you, 0x86dd, neighbourAdvert(my6, your6, my6, me)), true],
    [
      'an advertisement of its link-local address',
      ethernet(me, you, 0x86dd, neighbourAdvert(myLocal, your6, myLocal, me)),
      true,
    ],
    [
      'an advertisement of the victim’s address',
      ethernet(me, you, 0x86dd, neighbourAdvert(my6, your6, your6, me)),
      false,
    ],
    [
      'an advertisement of the victim’s link-local address',
      ethernet(me, you, 0x86dd, neighbourAdvert(my6, your6, yourLocal, me)),
      false,
    ],
    ['a router advertisement', ethernet(me, you, 0x86dd, icmp6(myLocal, yourLocal, 134, Buffer.alloc(12))), false],
    ['a redirect', ethernet(me, you, 0x86dd, icmp6(myLocal, yourLocal, 137, Buffer.alloc(36))), false],
    ['a protocol that is neither ARP nor IP', ethernet(me, you, 0x88b5, Buffer.from('x')), false],
  ];
}

void test('an endpoint speaks for itself only', async (t) => {
  for (const name of ['liar', 'victim']) addNetns(name);
  const kernel = await openKernel({ netnsDir: NETNS_DIR, nft: createNftDriver() });
  t.teardown(() => kernel.close());
  const { failed } = await kernel.apply(plan(desired(segments), []));
  t.strictSame(
    failed.map(({ error }) => error.message),
    [],
  );
  for (const segment of segments) {
    const { liar, victim, ifname, name } = segment;
    const traffic = await capture('victim', ifname);
    for (const [at, [what, frame, passes]] of attempts(segment).entries()) {
      const marker = ethernet(
        mac(liar.mac),
        mac(victim.mac),
        0x0800,
        udp4(ip(liar.four), ip(victim.four), `marker ${at}`),
      );
      await sendFrame('liar', ifname, frame);
      await sendFrame('liar', ifname, marker);
      await traffic.seen(marker);
      t.equal(traffic.has(frame), passes, `${name}: ${what} ${passes ? 'passes' : 'is dropped'}`);
    }
    await traffic.stop();
  }
});
