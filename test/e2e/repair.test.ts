// What someone changes by hand is put right within two seconds, because the kernel tells, not because someone looks now and then.
import { type Test, test } from 'tap';
import { agentDaemon } from '../../lib/lab/daemons.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { ping } from '../../lib/lab/probe.ts';
import { runningProcess } from '../../lib/lab/process.ts';
import { knowEachOther } from './convergence.ts';
import { addressOf, network, run, settles, withLab } from './lab-harness.ts';
import { macOf } from './network-kernel.ts';
import { at, networkPlace, nodePlace, type Place } from './traffic.ts';

/** Well below the interval at which the agent looks without being told. */
const PATIENCE_MS = 2000;

/** In one go, so that it is soon over. A namespace that is gone shows nothing. */
const LOOKS = [
  'ip -o -d link',
  'ip -o -4 addr',
  'ip route',
  'ip neigh show nud permanent',
  'bridge fdb',
  'bridge -d link',
  'nft list ruleset',
];

/** What `ip` and `bridge` say of a place, without what changes by itself: indices, timers, counters, random addresses. */
async function picture(lab: Lab, place: Place): Promise<string> {
  const { stdout } = await at(lab, place, ['sh', '-c', LOOKS.join(';')]);
  const lines = stdout.split('\n').map(withoutNoise);
  return lines
    .filter((line) => line !== '')
    .toSorted()
    .join('\n');
}

/** A veth's own address on the bridge's side is the kernel's choice, new with each veth: any, also one that looks like ours. */
function withoutNoise(line: string): string {
  if (/(33:33|01:00:5e):|fe80::/.test(line) || /^([0-9a-f]{2}:){5}\S+ dev warren[a-z2-7]{9} .*permanent/.test(line))
    return '';
  return line
    .replace(/(?<=^\d+: warren[a-z2-7]{9}@.*link\/ether )\S+/, 'MAC')
    .replace(/^\d+: /, '')
    .replace(/@if\d+|ifindex \d+|link-netnsid \d+|link-netns \S+/g, '')
    .replace(/(timer|timer_ack|forward_delay_timer) +[\d.]+/g, '')
    .replace(/packets \d+ bytes \d+/g, '')
    .replace(/port_(id|no) \S+|designated_port \d+/g, '')
    .trim();
}

interface Damage {
  readonly name: string;
  readonly where: 'network' | 'host';
  readonly argv: (names: Names) => readonly string[];
}
interface Names {
  readonly netns: string;
  /** The bridge's side of net1 and of eth0. */
  readonly net1: string;
  readonly eth0: string;
  readonly peer: string;
  readonly own: string;
}

const DAMAGES: readonly Damage[] = [
  { name: 'the veth of an overlay interface', where: 'network', argv: ({ net1 }) => ['ip', 'link', 'del', net1] },
  { name: 'the veth of eth0', where: 'host', argv: ({ eth0 }) => ['ip', 'link', 'del', eth0] },
  { name: 'locked off', where: 'network', argv: ({ net1 }) => ['bridge', 'link', 'set', 'dev', net1, 'locked', 'off'] },
  {
    name: 'learning on',
    where: 'network',
    argv: ({ net1 }) => ['bridge', 'link', 'set', 'dev', net1, 'learning', 'on'],
  },
  {
    name: 'neigh_suppress off',
    where: 'network',
    argv: () => ['bridge', 'link', 'set', 'dev', 'vxlan0', 'neigh_suppress', 'off'],
  },
  { name: 'flood on', where: 'network', argv: () => ['bridge', 'link', 'set', 'dev', 'vxlan0', 'flood', 'on'] },
  {
    name: 'the FDB entry of a peer on the device',
    where: 'network',
    argv: ({ peer }) => ['bridge', 'fdb', 'del', macOf(peer), 'dev', 'vxlan0', 'self'],
  },
  {
    name: 'the FDB entry of a peer on the bridge',
    where: 'network',
    argv: ({ peer }) => ['bridge', 'fdb', 'del', macOf(peer), 'dev', 'vxlan0', 'master'],
  },
  {
    name: 'the FDB entry of its own container',
    where: 'network',
    argv: ({ net1, own }) => ['bridge', 'fdb', 'del', macOf(own), 'dev', net1, 'master'],
  },
  { name: 'a neighbour', where: 'network', argv: ({ peer }) => ['ip', 'neigh', 'del', peer, 'dev', 'br0'] },
  {
    name: 'a neighbour of another node',
    where: 'host',
    argv: () => ['ip', 'neigh', 'flush', 'dev', 'warren-pod', 'nud', 'permanent'],
  },
  {
    name: 'an entry too many',
    where: 'network',
    argv: () => ['ip', 'neigh', 'add', '10.0.0.99', 'lladdr', '02:42:0a:00:00:63', 'dev', 'br0', 'nud', 'permanent'],
  },
  { name: 'the gateway address', where: 'network', argv: () => ['ip', 'addr', 'flush', 'dev', 'br0'] },
  {
    name: 'a route to another node',
    where: 'host',
    argv: () => ['ip', 'route', 'flush', 'dev', 'warren-pod', 'proto', '87'],
  },
  { name: 'the VXLAN device', where: 'network', argv: () => ['ip', 'link', 'del', 'vxlan0'] },
  { name: 'the bridge', where: 'network', argv: () => ['ip', 'link', 'del', 'br0'] },
  { name: 'a device that is down', where: 'network', argv: () => ['ip', 'link', 'set', 'vxlan0', 'down'] },
  { name: 'the VXLAN device of the pod network', where: 'host', argv: () => ['ip', 'link', 'del', 'warren-pod'] },
  { name: 'the gateway bridge', where: 'host', argv: () => ['ip', 'link', 'del', 'warren-gw'] },
  {
    name: 'the nftables table of the network',
    where: 'network',
    argv: () => ['nft', 'delete', 'table', 'bridge', 'warren'],
  },
  { name: 'all rules of the host', where: 'host', argv: () => ['nft', 'flush', 'table', 'inet', 'warren'] },
  { name: 'the whole namespace', where: 'host', argv: ({ netns }) => ['ip', 'netns', 'del', netns] },
];

test('damage by hand', { timeout: 400_000 }, async (t) => {
  const lab = await withLab(t, { nodes: 2 });
  const blue = await network(lab, 'blue', { subnets: [{ cidr: '10.0.0.0/24' }] });
  const a1 = await run(lab, 'a1', 'n1', 'blue');
  const a2 = await run(lab, 'a2', 'n2', 'blue');
  const [host, inNetwork] = [nodePlace(lab, 'n1'), networkPlace(lab, 'n1', blue.vni)];
  const names: Names = {
    netns: `warren-${blue.vni}`,
    net1: await vethIn(lab, inNetwork),
    eth0: await vethIn(lab, host),
    peer: addressOf(a2),
    own: addressOf(a1),
  };
  await knowEachOther(lab, blue, [a1, a2]);
  const look = async (): Promise<string> =>
    (await Promise.all([picture(lab, host), picture(lab, inNetwork)])).join('\n---\n');
  const whole = await look();
  for (const damage of DAMAGES) {
    await t.test(`${damage.name} is put right`, async (t) => {
      await whileAgentSleeps(lab, async () => {
        const done = await at(lab, damage.where === 'host' ? host : inNetwork, damage.argv(names));
        t.equal(done.status, 0, done.stderr);
        t.not(await look(), whole, 'it shows');
      });
      t.equal(await settles(look, whole, PATIENCE_MS), whole);
      await pings(t, lab, [names.peer, addressOf(a2, 'eth0')]);
    });
  }
});

async function pings(t: Test, lab: Lab, addresses: readonly string[]): Promise<void> {
  for (const address of addresses) t.type(await ping(lab, 'a1', address, 5), 'number', `${address} answers`);
}

/** The damage is looked at before it can be repaired: what does not show, proves nothing. The agent's clock starts when it wakes up. */
async function whileAgentSleeps(lab: Lab, act: () => Promise<void>): Promise<void> {
  const agent = await runningProcess(lab.layout, agentDaemon('n1'));
  if (agent === undefined) throw new Error('the agent of n1 does not run');
  process.kill(agent.pid, 'SIGSTOP');
  try {
    await act();
  } finally {
    process.kill(agent.pid, 'SIGCONT');
  }
}

async function vethIn(lab: Lab, place: Place): Promise<string> {
  const { stdout } = await at(lab, place, ['ip', '-j', 'link', 'show', 'type', 'veth']);
  return /"ifname":"(warren[a-z2-7]{9})"/.exec(stdout)?.[1] ?? '';
}
