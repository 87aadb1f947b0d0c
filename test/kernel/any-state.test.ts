import { addNetns, NETNS_DIR } from './fresh-netns.ts';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import type { LocalEndpoint } from '../../lib/dataplane/endpoint.ts';
import type { KernelObject, NetnsRef } from '../../lib/dataplane/object.ts';
import { networkNetns } from '../../lib/dataplane/owner.ts';
import { plan } from '../../lib/dataplane/plan.ts';
import { describeObject } from '../../lib/dataplane/text.ts';
import { desiredGateway } from '../../lib/gateway/desired.ts';
import { type LinuxKernel, openKernel } from '../../lib/kernel/linux.ts';
import { createNftDriver } from '../../lib/kernel/nft/driver.ts';
import { parseHostPrefix, parseIp, parsePrefix } from '../../lib/net/address.ts';
import { parseIfName } from '../../lib/net/ifname.ts';
import { macFromIp } from '../../lib/net/mac.ts';
import { must } from '../../lib/net/result.ts';
import { parseVni } from '../../lib/net/vni.ts';
import { desiredNetwork } from '../../lib/overlay/desired.ts';

const CONTAINERS = ['c1', 'c2', 'c3'];
const VNIS = [4097, 4098].map((vni) => must(parseVni(vni)));
const ip = (text: string) => must(parseIp(text));
const subnet = (cidr: string, gateway: string) => ({ cidr: must(parsePrefix(cidr)), gateway: ip(gateway) });
const SUBNETS = [subnet('10.0.0.0/24', '10.0.0.1'), subnet('10.0.1.0/24', '10.0.1.1'), subnet('fd00::/64', 'fd00::1')];

function endpoint(container: string, ifname: string, net: string, host: number, withSix: boolean): LocalEndpoint {
  const six = withSix ? [must(parseHostPrefix(`fd00::${host}/64`))] : [];
  return {
    containerID: container,
    ifname: must(parseIfName(ifname)),
    sandbox: `${NETNS_DIR}/${container}`,
    mac: macFromIp(ip(`${net}.${host}`)),
    addresses: [must(parseHostPrefix(`${net}.${host}/24`)), ...six],
  };
}

const members = fc.subarray(CONTAINERS);
const host = fc.integer({ min: 2, max: 5 });
const underlay = fc.constantFrom(...['172.30.0.11', '172.30.0.12'].map(ip));
const mtu = fc.constantFrom(1450, 1400);

const network = fc
  .record({
    members,
    hosts: fc.tuple(host, host, host),
    six: fc.boolean(),
    vtep: underlay,
    mtu,
    remotes: fc.subarray([6, 7, 8]),
    subnets: fc.constantFrom(1, 2, 3),
  })
  .map(
    ({ members: on, hosts, six, vtep, mtu: size, remotes, subnets }) =>
      (vni: (typeof VNIS)[number], at: number) =>
        desiredNetwork({
          ...{ netnsDir: NETNS_DIR, vni, mtu: size, port: 4789, vtep, subnets: SUBNETS.slice(0, six ? 3 : subnets) },
          local: on.map((name) => endpoint(name, `net${at}`, '10.0.0', hosts[CONTAINERS.indexOf(name)] ?? 2, six)),
          remote: remotes.map((n) => ({
            ...endpoint('', 'x', '10.0.0', n, six),
            name: `r${n}`,
            vtep: ip(`172.30.0.${n + 20}`),
          })),
        }),
  );
const gateway = fc
  .record({
    members,
    hosts: fc.tuple(host, host, host),
    icc: fc.boolean(),
    masquerade: fc.boolean(),
    vtep: underlay,
    mtu,
    peers: fc.subarray([2, 3, 4]),
  })
  .map(({ members: on, hosts, vtep, peers, ...rest }) =>
    desiredGateway({
      ...{ ...rest, subnets: [must(parsePrefix('10.244.1.0/24'))], vteps: [vtep], tunnelPorts: [4789, 4788] },
      endpoints: on.map((name) => endpoint(name, 'eth0', '10.244.1', hosts[CONTAINERS.indexOf(name)] ?? 2, false)),
      peers: peers.map((n) => ({
        gatewaySubnets: [must(parsePrefix(`10.244.${n}.0/24`))],
        vteps: [ip(`172.30.0.${n + 20}`)],
      })),
    }),
  );
/** What a node may be asked for: two networks and the gateway bridge, each of them there or not. */
const state: fc.Arbitrary<readonly KernelObject[]> = fc
  .tuple(fc.option(gateway), fc.option(network), fc.option(network))
  .map(([pods, ...networks]) => [
    ...(pods ?? []),
    ...networks.flatMap((make, at) => make?.(VNIS[at] ?? must(parseVni(4099)), at) ?? []),
  ]);

const PLACES: readonly NetnsRef[] = [
  'host',
  ...VNIS.map((vni) => networkNetns(NETNS_DIR, vni)),
  ...CONTAINERS.map((name): NetnsRef => `${NETNS_DIR}/${name}`),
];
const observed = async (kernel: LinuxKernel) =>
  (await Promise.all(PLACES.map((place) => kernel.observe(place)))).flat();

void test('any state to any state, in a real kernel: the plan succeeds and is then empty', async (t) => {
  for (const name of CONTAINERS) addNetns(name);
  const kernel = await openKernel({ netnsDir: NETNS_DIR, nft: createNftDriver() });
  t.teardown(() => kernel.close());
  const property = fc.asyncProperty(state, async (wanted) => {
    const { failed } = await kernel.apply(plan(wanted, await observed(kernel)));
    const messages = failed.map(({ error }) => error.message);
    assert.deepEqual(messages, []);
    const more = plan(wanted, await observed(kernel)).map(({ kind, object }) => `${kind} ${describeObject(object)}`);
    assert.deepEqual(more, []);
  });
  await fc.assert(property, { numRuns: 60, endOnFailure: true });
});
