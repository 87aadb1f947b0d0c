import { addNetns, bridge, ip as ipCommand, NETNS_DIR, run } from '../fresh-netns.ts';
import { spawnSync } from 'node:child_process';
import { t as tap, test } from 'tap';
import type { LocalEndpoint } from '../../../lib/dataplane/endpoint.ts';
import { plan } from '../../../lib/dataplane/plan.ts';
import { desiredGateway, type GatewayInput } from '../../../lib/gateway/desired.ts';
import { type LinuxKernel, openKernel } from '../../../lib/kernel/linux.ts';
import { createNftDriver } from '../../../lib/kernel/nft/driver.ts';
import { parseHostPrefix, parseIp, parsePrefix } from '../../../lib/net/address.ts';
import { parseIfName } from '../../../lib/net/ifname.ts';
import { macFromIp, parseMac } from '../../../lib/net/mac.ts';
import { must } from '../../../lib/net/result.ts';
import { ethernet, udp4, vxlan } from './frame.ts';
import { capture, sendDatagram, sendFrame } from './traffic.ts';

const ip = (text: string) => must(parseIp(text));
const mac = (text: string) => must(parseMac(text));

/** This node is 172.30.0.11. `peer` is the node 172.30.0.12, and 172.30.0.66, of which no node knows. */
const PEER_POD_NETWORK = '10.244.2.0';

const pod = (container: string, host: number): LocalEndpoint => ({
  containerID: container,
  ifname: must(parseIfName('eth0')),
  sandbox: `${NETNS_DIR}/${container}`,
  mac: macFromIp(ip(`10.244.1.${host}`)),
  addresses: [must(parseHostPrefix(`10.244.1.${host}/24`))],
});
const node: GatewayInput = {
  subnets: [must(parsePrefix('10.244.1.0/24'))],
  mtu: 1450,
  vteps: [ip('172.30.0.11')],
  tunnelPorts: [4789, 4788],
  icc: true,
  masquerade: true,
  endpoints: [pod('a', 2), pod('b', 3)],
  peers: [{ gatewaySubnets: [must(parsePrefix('10.244.2.0/24'))], vteps: [ip('172.30.0.12')] }],
};

/** The wire, the peer as its own agent would set it up, and a bridge of somebody else with a guest on it. */
function makeSurroundings(): void {
  for (const name of ['a', 'b', 'peer', 'guest']) addNetns(name);
  ipCommand('link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', 'peer');
  ipCommand('addr', 'add', '172.30.0.11/24', 'dev', 'wire');
  ipCommand('link', 'set', 'wire', 'up');
  const peer = (...args: readonly string[]) => ipCommand('-n', 'peer', ...args);
  for (const address of ['172.30.0.12/24', '172.30.0.66/24']) peer('addr', 'add', address, 'dev', 'wire');
  peer('link', 'set', 'wire', 'up');
  ipCommand('addr', 'add', 'fd00:30::11/64', 'dev', 'wire', 'nodad');
  for (const address of ['fd00:30::12/64', 'fd00:30::66/64']) peer('addr', 'add', address, 'dev', 'wire', 'nodad');
  const tunnel = ['type', 'vxlan', 'id', '4095', 'local', '172.30.0.12', 'dstport', '4789', 'nolearning'];
  peer('link', 'add', 'warren-pod', 'address', '02:42:0a:f4:02:00', ...tunnel);
  peer('link', 'set', 'warren-pod', 'up');
  peer('addr', 'add', `${PEER_POD_NETWORK}/32`, 'dev', 'warren-pod');
  peer('route', 'add', '10.244.1.0/24', 'via', '10.244.1.0', 'dev', 'warren-pod', 'onlink');
  peer('neigh', 'add', '10.244.1.0', 'lladdr', '02:42:0a:f4:01:00', 'dev', 'warren-pod', 'nud', 'permanent');
  bridge('-n', 'peer', 'fdb', 'add', '02:42:0a:f4:01:00', 'dev', 'warren-pod', 'dst', '172.30.0.11');
  ipCommand('link', 'add', 'other0', 'type', 'bridge');
  ipCommand('addr', 'add', '192.168.7.1/24', 'dev', 'other0');
  ipCommand('link', 'set', 'other0', 'up');
  for (const port of ['guest0', 'guest1']) {
    ipCommand('link', 'add', port, 'type', 'veth', 'peer', 'name', port, 'netns', 'guest');
    ipCommand('link', 'set', port, 'master', 'other0', 'up');
    ipCommand('-n', 'guest', 'link', 'set', port, 'up');
  }
  ipCommand('-n', 'guest', 'addr', 'add', '192.168.7.2/24', 'dev', 'guest0');
  ipCommand('-n', 'guest', 'route', 'add', 'default', 'via', '192.168.7.1');
  run('nft', 'add table ip other; add chain ip other nat { type nat hook postrouting priority 100; }');
  run('nft', 'add rule ip other nat ip saddr 192.168.7.0/24 oifname wire masquerade');
}

async function configure(kernel: LinuxKernel, input: GatewayInput): Promise<void> {
  const observed = await Promise.all(
    (['host', `${NETNS_DIR}/a`, `${NETNS_DIR}/b`] as const).map((at) => kernel.observe(at)),
  );
  const { failed } = await kernel.apply(plan(desiredGateway(input), observed.flat()));
  if (failed.length > 0)
    throw new AggregateError(
      failed.map(({ error }) => error),
      failed.map(({ error }) => error.message).join('\n'),
    );
}

makeSurroundings();
const kernel = await openKernel({ netnsDir: NETNS_DIR, nft: createNftDriver() });
await configure(kernel, node);
const peerWire = await capture('peer', 'wire');
tap.teardown(async () => {
  await peerWire.stop();
  await kernel.close();
});

let count = 0;
/** Whether a datagram gets to the peer's wire. One that surely does is sent after it, so that nothing is waited for in vain. */
async function arrives(from: string, target: string, options = '', vni = 4097): Promise<boolean> {
  const [text, marker] = [`datagram ${++count};`, `marker ${count};`];
  await sendDatagram(from, target, vxlan(vni, Buffer.from(text)), options);
  await sendDatagram(from, '172.30.0.12:9', marker);
  await peerWire.seen(marker);
  return peerWire.has(text);
}

const succeeds = (from: string, ...command: readonly string[]): boolean => {
  const [program = '', ...args] = from === 'host' ? command : ['ip', 'netns', 'exec', from, ...command];
  return spawnSync(program, args).status === 0;
};
const ping = (from: string, to: string): boolean => succeeds(from, 'ping', '-c', '1', '-W', '1', to);

void test('pods and nodes reach each other through the tunnel, whoever owns the socket', async (t) => {
  run('nft', 'add table ip probe; add chain ip probe last { type filter hook postrouting priority 300; }');
  run('nft', 'add rule ip probe last oifname wire meta mark and 0x100000 == 0x100000 counter');
  t.ok(ping('a', PEER_POD_NETWORK), 'from a pod to the other node');
  t.ok(ping('host', PEER_POD_NETWORK), 'from the node itself');
  t.ok(ping('peer', '10.244.1.2'), 'from the other node to a pod');
  t.ok(ping('a', '10.244.1.3'), 'between pods of the node');
  t.ok(ping('a', '172.30.0.11'), 'from a pod to its own node');
  t.match(run('nft', 'list', 'table', 'ip', 'probe'), /counter packets 0 /, 'no packet leaves with our mark');
  const inTunnel = await capture('peer', 'warren-pod');
  await sendDatagram('a', `${PEER_POD_NETWORK}:9`, 'from a pod;');
  await inTunnel.seen('from a pod;');
  t.ok(inTunnel.has(Buffer.from([10, 244, 1, 2, 10, 244, 2, 0])), 'with the pod’s own address');
  await inTunnel.stop();
});

void test('what leaves the cluster is masqueraded', async (t) => {
  t.ok(await arrives('a', '172.30.0.66:7'));
  t.ok(peerWire.has(Buffer.from([172, 30, 0, 11, 172, 30, 0, 66])), 'as the node');
  t.notOk(peerWire.has(Buffer.from([10, 244, 1, 2, 172, 30, 0, 66])), 'and never as the pod');
});

void test('no process of the node speaks VXLAN', async (t) => {
  for (const port of [4789, 4788]) {
    t.notOk(await arrives('host', `172.30.0.12:${port}`), `root to port ${port}`);
    t.notOk(await arrives('host', `172.30.0.12:${port}`, ',setuid=nobody'), `nobody to port ${port}`);
    t.notOk(await arrives('host', `172.30.0.66:${port}`), `to a node that is not known, port ${port}`);
    t.notOk(await arrives('host', `172.30.0.12:${port}`, ',sp=5000'), 'from whatever port');
  }
  const marked = ',setsockopt-int=1:36:0x100000';
  t.notOk(await arrives('host', '172.30.0.12:4789', marked), 'nor with the mark of the pod network');
  t.ok(await arrives('host', '172.30.0.12:4789', marked, 4095), 'but as the pod network, which takes CAP_NET_RAW');
  t.ok(await arrives('host', '172.30.0.12:4790'), 'any other port is free');
  run('nft', 'add table ip trick; add chain ip trick nat { type nat hook output priority -100; }');
  run('nft', 'add rule ip trick nat udp dport 1234 dnat to 172.30.0.12:4789');
  t.notOk(await arrives('host', '172.30.0.66:1234'), 'nor by way of a DNAT rule');
  run('nft', 'delete table ip trick');
  t.notOk(await arrives('host', `${PEER_POD_NETWORK}:4789`), 'nor inside the tunnel');
});

void test('no pod and no other guest of the node speaks VXLAN to a node', async (t) => {
  for (const port of [4789, 4788]) {
    t.notOk(await arrives('a', `172.30.0.12:${port}`), `a pod to a known node, port ${port}`);
    t.notOk(await arrives('a', `172.30.0.66:${port}`), `a pod to a node not known yet, port ${port}`);
    t.notOk(await arrives('guest', `172.30.0.12:${port}`), `a guest of another bridge to a known node, port ${port}`);
  }
  t.ok(await arrives('guest', '172.30.0.66:4789'), 'that guest may speak VXLAN with others');
  t.ok(await arrives('a', '172.30.0.12:4790'), 'any other port is free');
});

void test('only known nodes are heard', async (t) => {
  const heard = await capture('host', 'warren-pod');
  const [theirs, ours] = [mac('02:42:0a:f4:02:00'), mac('02:42:0a:f4:01:00')];
  const inner = (text: string) => ethernet(theirs, ours, 0x0800, udp4(ip(PEER_POD_NETWORK), ip('10.244.1.0'), text));
  await sendDatagram('peer', '172.30.0.11:4789', vxlan(4095, inner('from a stranger;')), ',bind=172.30.0.66');
  await sendDatagram('a', '172.30.0.11:4789', vxlan(4095, inner('from a pod;')));
  await sendDatagram('peer', '172.30.0.11:4789', vxlan(4095, inner('from a node;')), ',bind=172.30.0.12');
  await heard.seen('from a node;');
  t.notOk(heard.has('from a stranger;'));
  t.notOk(heard.has('from a pod;'));
  await heard.stop();
});

void test('it is the same over IPv6', async (t) => {
  await configure(kernel, {
    ...node,
    vteps: [ip('fd00:30::11')],
    peers: [{ gatewaySubnets: [], vteps: [ip('fd00:30::12')] }],
  });
  const heard = await capture('host', 'warren-pod');
  const inner = (text: string) =>
    ethernet(
      mac('02:42:0a:f4:02:00'),
      mac('02:42:0a:f4:01:00'),
      0x0800,
      udp4(ip(PEER_POD_NETWORK), ip('10.244.1.0'), text),
    );
  const send = (from: string, text: string) =>
    sendDatagram('peer', '[fd00:30::11]:4789', vxlan(4095, inner(text)), `,bind=[${from}]`);
  await send('fd00:30::66', 'from a stranger;');
  await send('fd00:30::12', 'from a node;');
  await heard.seen('from a node;');
  t.notOk(heard.has('from a stranger;'), 'only known nodes are heard');
  await heard.stop();
  t.notOk(await arrives('host', '[fd00:30::12]:4789'), 'no process of the node speaks VXLAN');
  t.ok(await arrives('host', '[fd00:30::12]:4790'), 'any other port is free');
  await configure(kernel, node);
  t.ok(ping('host', PEER_POD_NETWORK), 'back over IPv4');
});

void test('a bridge that is not ours is left alone', async (t) => {
  const other = await capture('host', 'other0');
  const frame = ethernet(mac('02:00:00:00:00:01'), macFromIp(ip('1.1.1.1')), 0x88b5, Buffer.from('any frame;'));
  await sendFrame('guest', 'guest1', frame);
  await other.seen('any frame;');
  await other.stop();
  t.ok(ping('guest', '192.168.7.1'));
});

void test('without icc pods reach the node and the world, and not each other', async (t) => {
  await configure(kernel, { ...node, icc: false });
  t.ok(ping('a', '10.244.1.1'), 'the gateway');
  t.ok(ping('a', '172.30.0.66'), 'the world');
  t.notOk(ping('a', '10.244.1.3'), 'not another pod');
  ipCommand('-n', 'a', 'route', 'add', '10.244.1.3/32', 'via', '10.244.1.1');
  const atOther = await capture('b', 'eth0');
  await sendDatagram('a', '10.244.1.3:9', 'by way of the gateway;');
  await sendDatagram('host', '10.244.1.3:9', 'from the node;');
  await atOther.seen('from the node;');
  t.notOk(atOther.has('by way of the gateway;'), 'nor by way of the gateway');
  await atOther.stop();
  t.notOk(succeeds('host', 'ip', 'link', 'show', 'warren-pod'), 'and there is no tunnel');
  await configure(kernel, node);
  ipCommand('-n', 'a', 'route', 'delete', '10.244.1.3/32');
  t.ok(ping('a', '10.244.1.3'), 'with icc again');
});

void test('everything goes with the last desired object', async (t) => {
  const observed = await kernel.observe('host');
  const { failed } = await kernel.apply(plan([], observed));
  t.strictSame(failed, []);
  t.strictSame(await kernel.observe('host'), []);
  t.notMatch(run('nft', 'list', 'tables'), /warren/);
  t.notMatch(ipCommand('link'), /warren/);
  t.notMatch(ipCommand('route'), /proto 87/);
});
