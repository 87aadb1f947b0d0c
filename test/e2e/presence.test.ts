// A network is on a node exactly while an endpoint of it is there, and the kernel holds what its peers need and nothing else.
import { test } from 'tap';
import { removeContainer } from '../../lib/lab/container.ts';
import { networkNamespaces } from '../../lib/lab/lab-view.ts';
import { inside, ping } from '../../lib/lab/probe.ts';
import { capture, mark } from './capture.ts';
import { addressOf, network, run, settles, withLab } from './lab-harness.ts';
import { localEntries, macOf, peerEntries, remoteEntries } from './network-kernel.ts';
import { at, containerPlace, fabricPlace, links, nodePlace } from './traffic.ts';

test('a network on three nodes', async (t) => {
  const lab = await withLab(t);
  const { vni } = await network(lab, 'blue');
  const name = `warren-${vni}`;
  const present = async () => {
    const lists = await Promise.all(
      lab.nodes.map(async (node) => [node.name, await networkNamespaces(lab, node.name)] as const),
    );
    return lists.filter(([, namespaces]) => namespaces.includes(name)).map(([node]) => node);
  };
  await t.test('is nowhere before its first container', async (t) => {
    t.strictSame(await present(), []);
  });

  const a1 = await run(lab, 'a1', 'n1', 'blue');
  await t.test('is where its containers are, at once', async (t) => {
    t.strictSame(await present(), ['n1']);
  });
  const a2 = await run(lab, 'a2', 'n2', 'blue');
  const a3 = await run(lab, 'a3', 'n3', 'blue');
  await t.test(
    'has for each remote endpoint a neighbour and two FDB entries, for each local one an FDB entry, and no more',
    async (t) => {
      const wanted = [
        ...localEntries(addressOf(a1)),
        ...remoteEntries(addressOf(a2), '172.30.0.12'),
        ...remoteEntries(addressOf(a3), '172.30.0.13'),
      ];
      t.strictSame(await settles(() => peerEntries(lab, 'n1', vni), wanted.toSorted()), wanted.toSorted());
    },
  );

  await t.test('answers ARP for known peers on the node, and lets no broadcast out', async (t) => {
    const onWire = await capture(lab, fabricPlace(lab), 'p-n1', 'udp port 4789');
    t.type(await ping(lab, 'a1', addressOf(a2)), 'number');
    const place = await containerPlace(lab, 'a1');
    const known = await at(lab, place, ['arping', '-c2', '-w10', '-I', 'net1', addressOf(a3)]);
    t.equal(known.status, 0, 'a known peer is answered for, asked of everybody and then of its own MAC');
    t.match(known.stdout, new RegExp(macOf(addressOf(a3)), 'i'));
    const unknown = await at(lab, place, ['arping', '-c2', '-w2', '-I', 'net1', addressOf(a1).replace(/\d+$/, '200')]);
    t.not(unknown.status, 0, 'a stranger is not');
    await inside(lab, 'a1', ['ping', '-n', '-b', '-c2', '-i0.2', '-W1', addressOf(a1).replace(/\d+$/, '255')]);
    await mark(lab, 'a1', addressOf(a2));
    const frames = await onWire.stopAtMark();
    t.ok(
      frames.some((line) => line.includes('ICMP echo request')),
      'the capture sees the pings',
    );
    t.strictSame(
      frames.filter((line) => /ARP|ff:ff:ff:ff:ff:ff/i.test(line)),
      [],
    );
  });

  await t.test('is forgotten by its peers when a container goes', async (t) => {
    await removeContainer(lab, 'a3');
    const wanted = [...localEntries(addressOf(a1)), ...remoteEntries(addressOf(a2), '172.30.0.12')].toSorted();
    t.strictSame(await settles(() => peerEntries(lab, 'n1', vni), wanted), wanted);
    t.strictSame(await settles(present, ['n1', 'n2']), ['n1', 'n2']);
  });

  await t.test('stays while one of two containers of a node goes, and goes with the last', async (t) => {
    await run(lab, 'a4', 'n1', 'blue');
    await removeContainer(lab, 'a1');
    t.strictSame(await present(), ['n1', 'n2']);
    await removeContainer(lab, 'a4');
    await removeContainer(lab, 'a2');
    t.strictSame(await settles(present, []), []);
    for (const { name: node } of lab.nodes) {
      const veths = (await links(lab, nodePlace(lab, node))).filter(
        ({ ifname }) => !['eth0', 'warren-gw', 'warren-pod'].includes(ifname),
      );
      t.strictSame(veths, [], `no veth is left on ${node}`);
    }
  });
});
