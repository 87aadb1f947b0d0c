// Random states of a node that a kernel could hold: candidates are made freely, and those that the fake kernel takes are kept.
import fc from 'fast-check';
import type { KernelObject, NetnsRef } from '../../../lib/dataplane/object.ts';
import { rank } from '../../../lib/dataplane/relation.ts';
import { createFakeKernel } from '../../../lib/kernel/fake.ts';
import { parseHostPrefix, parseIp, parsePrefix } from '../../../lib/net/address.ts';
import { parseIfName } from '../../../lib/net/ifname.ts';
import { parseMac } from '../../../lib/net/mac.ts';
import { must } from '../../../lib/net/result.ts';
import { parseVni } from '../../../lib/net/vni.ts';

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const networks: readonly NetnsRef[] = ['/run/netns/warren-4097', '/run/netns/warren-4098'];
const containers: readonly NetnsRef[] = ['/run/netns/c1', '/run/netns/c2'];
const netns = pick<NetnsRef>('host', 'host', ...networks);
const ifname = (...names: readonly string[]) => pick(...names.map((name) => must(parseIfName(name))));
const bridge = ifname('br0', 'br0', 'x');
const vxlan = ifname('vxlan0', 'vxlan0', 'x');
const veth = ifname('v1', 'v2', 'x');
const inside = ifname('eth0', 'net1');
const mac = pick(...['02:42:0a:00:00:02', '02:42:0a:00:00:03'].map((text) => must(parseMac(text))));
const ip = pick(...['10.0.0.9', '10.0.1.9', 'fd00::9'].map((text) => must(parseIp(text))));
const vtep = pick(...['172.30.0.11', '172.30.0.12'].map((text) => must(parseIp(text))));
const prefix = pick(...['0.0.0.0/0', '10.9.0.0/24', '::/0'].map((text) => must(parsePrefix(text))));
const mtu = pick(1450, 8950);
const addresses = ['10.0.0.1/24', '10.0.0.2/24', '10.0.0.2/16', '10.0.1.1/24', 'fd00::1/64', 'fd00::1/80'];
const address = pick(...addresses.map((text) => must(parseHostPrefix(text))));
const kind = <K extends KernelObject['kind']>(name: K) => fc.constant(name);
/** A link and the namespace that it is in. */
const place = fc.oneof(
  fc.record({ netns, link: fc.oneof(bridge, vxlan, veth) }),
  fc.record({ netns: pick(...containers), link: inside }),
);

const links: readonly fc.Arbitrary<KernelObject>[] = [
  fc.record({ kind: kind('bridge'), netns, name: bridge, mac, mtu }),
  fc.record({
    kind: kind('vxlan'),
    netns,
    name: vxlan,
    mac,
    mtu,
    vni: pick(...[4097, 4098].map((vni) => must(parseVni(vni)))),
    port: pick(4789, 4788),
    local: vtep,
  }),
  fc.record({
    kind: kind('veth'),
    netns,
    name: veth,
    mtu,
    alias: pick('warren:a:eth0', 'warren:b:eth0'),
    peer: fc.record({ netns: pick(...containers), name: inside, mac, mtu }),
  }),
  fc.record({
    kind: kind('port'),
    netns,
    name: fc.oneof(vxlan, veth),
    master: bridge,
    learning: fc.boolean(),
    locked: fc.boolean(),
    isolated: fc.boolean(),
    neighSuppress: fc.constant(false),
    hairpin: fc.constant(false),
    flood: fc.boolean(),
    mcastFlood: fc.constant(true),
    bcastFlood: fc.constant(true),
  }),
];

const entries: readonly fc.Arbitrary<KernelObject>[] = [
  fc.tuple(place, address).map(([at, one]) => ({ kind: 'address', ...at, address: one })),
  fc.tuple(place, prefix).map(([at, dst]) => ({ kind: 'route', ...at, dst })),
  fc
    .tuple(place, prefix, ip, fc.boolean())
    .filter(([, dst, via]) => dst.includes(':') === via.includes(':'))
    .map(([at, dst, via, onlink]) => ({ kind: 'route', ...at, dst, via, ...(onlink && { onlink }) })),
  fc.tuple(place, ip, mac).map(([at, one, lladdr]) => ({ kind: 'neighbour', ...at, ip: one, mac: lladdr })),
  fc.record({ kind: kind('fdb-self'), netns, link: vxlan, mac, vtep }),
  fc.record({ kind: kind('fdb-master'), netns, link: fc.oneof(vxlan, veth), mac }),
];

const sets = fc.uniqueArray(pick('ep4', 'ep6'), { minLength: 1 });
const rules: readonly fc.Arbitrary<KernelObject>[] = [
  fc.record({ kind: kind('netns'), netns: pick(...networks) }),
  fc.record({ kind: kind('netns'), netns: pick(...networks) }),
  fc.record({
    kind: kind('sysctl'),
    netns,
    key: pick('net/ipv4/ip_forward', 'net/ipv4/conf/br0/rp_filter'),
    value: pick('0', '1'),
  }),
  fc.record({
    kind: kind('nft-table'),
    netns,
    family: pick('bridge', 'inet'),
    name: fc.constant('warren'),
    sets: sets.map((names) => names.map((name) => ({ name, type: ['ether_addr'] as const }))),
    chains: fc.constant([]),
  }),
  fc.record({
    kind: kind('nft-element'),
    netns,
    family: pick('bridge', 'inet'),
    table: fc.constant('warren'),
    set: pick('ep4', 'ep6'),
    key: mac.map((one) => [one]),
  }),
];

/** What of the candidates can be there together. */
function consistent(candidates: readonly KernelObject[]): readonly KernelObject[] {
  const kernel = createFakeKernel();
  for (const object of candidates.toSorted((a, b) => rank(a) - rank(b))) {
    try {
      kernel.byHand({ kind: 'create', object });
    } catch {
      continue;
    }
  }
  return kernel.objects();
}

/** A state with up to a few dozen objects of every kind. */
export const world: fc.Arbitrary<readonly KernelObject[]> = fc
  .array(fc.oneof(...rules, ...links, ...links, ...entries), { minLength: 40, maxLength: 200, size: 'max' })
  .map(consistent);
