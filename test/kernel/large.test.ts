// Thousands of entries: whole dumps, also while they change, and an event loop that goes on.
import { addNetns, ip } from './fresh-netns.ts';
import { test } from 'tap';
import type { KernelObject } from '../../lib/dataplane/object.ts';
import { RTM_GETLINK, decodeLink, encodeLink, encodeLinkQuery } from '../../lib/kernel/netlink/link.ts';
import { RouteSocket } from '../../lib/kernel/netlink/socket.ts';
import { ipFromNumber } from '../../lib/net/address.ts';
import { macFromIp } from '../../lib/net/mac.ts';
import { plan } from '../../lib/dataplane/plan.ts';
import { ifName, ip as toIp, netns, sample } from '../unit/dataplane/sample.ts';
import { creations, failures, openTestKernel } from './kernel.ts';

const PEERS = 3_000;
const peers: readonly KernelObject[] = Array.from({ length: PEERS }, (_, at) => {
  const address = ipFromNumber(4, (10n << 24n) + 512n + BigInt(at));
  const mac = macFromIp(address);
  return [
    { kind: 'neighbour', netns, link: ifName('br0'), ip: address, mac },
    { kind: 'fdb-self', netns, link: ifName('vxlan0'), mac, vtep: toIp(`172.30.${at >> 8}.${at & 255}`) },
    { kind: 'fdb-master', netns, link: ifName('vxlan0'), mac },
  ] as const;
}).flat();
const network: readonly KernelObject[] = [
  sample.own,
  { ...sample.bridge, mac: macFromIp(toIp('10.0.0.1')) },
  sample.vxlan,
  { ...sample.port, name: sample.vxlan.name },
];

const linkOf = (name: string) => encodeLink({ index: 0, name, kind: 'bridge' });

/**
 * The most processor time of the main thread that one turn of the event loop took meanwhile, in milliseconds. Time on the clock
 * would say how busy the machine is.
 */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  const used = () => (({ user, system }) => (user + system) / 1_000)(process.threadCpuUsage());
  let longest = 0;
  let last = used();
  const turn = (): void => {
    const now = used();
    longest = Math.max(longest, now - last);
    last = now;
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  await work();
  clearImmediate(next);
  return longest;
}

test(`${PEERS} peers come, are observed, and go, without holding up the event loop`, async (t) => {
  const kernel = await openTestKernel(t);
  t.same(failures(await kernel.apply(creations(network))), []);
  const coming = await longestTurn(async () => t.same(failures(await kernel.apply(creations(peers))), []));
  let observed: readonly KernelObject[] = [];
  const looking = await longestTurn(async () => (observed = await kernel.observe(netns)));
  t.equal(observed.length, network.length + peers.length);
  t.same(plan([...network, ...peers], observed), []);
  const deletions = peers.map((object) => ({ kind: 'delete', object }) as const);
  const going = await longestTurn(async () => t.same(failures(await kernel.apply(deletions)), []));
  t.equal((await kernel.observe(netns)).length, network.length);
  for (const [name, milliseconds] of Object.entries({ coming, looking, going }))
    t.ok(milliseconds < 25, `${name}: ${milliseconds} ms`);
});

test('a dump that changes under way is begun anew', async (t) => {
  using writer = new RouteSocket();
  using reader = new RouteSocket();
  const done = new AbortController();
  const churn = (async () => {
    for (let round = 0; !done.signal.aborted; round++) {
      const name = `d${round % 8}`;
      await writer.request([
        { type: 16, flags: 0x600, payload: linkOf(name) },
        { type: 17, flags: 0, payload: linkOf(name) },
      ]);
    }
  })();
  for (let at = 0; at < 40; at++) ip('link', 'add', `s${at}`, 'type', 'bridge');
  for (let round = 0; round < 30; round++) {
    const links = await reader.dump('list links', { type: RTM_GETLINK, payload: encodeLinkQuery({}) }, decodeLink);
    const stable = links.filter(({ name }) => name?.startsWith('s'));
    if (stable.length !== 40) t.fail(`a dump has ${stable.length} of 40 links`);
  }
  done.abort();
  await churn;
  for (let at = 0; at < 40; at++) ip('link', 'delete', `s${at}`);
  t.pass('every dump had every link that was there all the time');
});

test('a datagram that is larger than the buffer is read anew with a larger one', async (t) => {
  using socket = new RouteSocket(256);
  const links = await socket.dump('list links', { type: RTM_GETLINK, payload: encodeLinkQuery({}) }, decodeLink);
  t.ok(links.some(({ name }) => name === 'lo'));
});

test('fifty containers come and go at once', async (t) => {
  const kernel = await openTestKernel(t);
  t.same(failures(await kernel.apply(creations(network))), []);
  const veths = Array.from({ length: 50 }, (_, at) => {
    const container = addNetns(`many${at}`);
    t.teardown(() => ip('netns', 'delete', `many${at}`));
    return { ...sample.veth, name: ifName(`v${at}`), peer: { ...sample.veth.peer, netns: container } };
  });
  const results = await Promise.all(
    veths.map((veth) => kernel.apply(creations([veth, { ...sample.port, name: veth.name }]))),
  );
  t.same(results.flatMap(failures), []);
  t.same(
    plan(
      [...network, ...veths],
      (await kernel.observe(netns)).filter(({ kind }) => kind !== 'port'),
    ).length,
    1,
  );
  const gone = await Promise.all(veths.map((object) => kernel.apply([{ kind: 'delete', object }])));
  t.same(gone.flatMap(failures), []);
  t.same(plan(network, await kernel.observe(netns)), []);
});

test('more is asked at once than the threads of the pool can take', async (t) => {
  const kernel = await openTestKernel(t);
  t.same(failures(await kernel.apply(creations(network))), []);
  const observed = await Promise.all(Array.from({ length: 400 }, () => kernel.observe('host')));
  t.same(observed.flat(), []);
});
