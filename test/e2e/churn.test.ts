// Containers come and go at random while agents die: at the end kernel, API and journal agree exactly, and nothing is left over.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import * as z from 'zod';
import { type Container, createContainer, removeContainer } from '../../lib/lab/container.ts';
import { agentDaemon, awaitDaemon, killDaemon, startDaemon, stopDaemon } from '../../lib/lab/daemons.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { LabError } from '../../lib/lab/lab-error.ts';
import { listEndpoints, listNetworks, networkNamespaces } from '../../lib/lab/lab-view.ts';
import { openJournal } from '../../lib/store/journal.ts';
import { addressOf, network, settles, withLab } from './lab-harness.ts';
import { peerEntries, wantedEntries } from './network-kernel.ts';
import { networkPlace, nodePlace, type Place, rows } from './traffic.ts';

const NETWORKS = ['net-a', 'net-b', 'net-c', 'net-d', 'net-e'] as const;
const CONTAINERS_PER_NODE = 50;
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

/** mulberry32: the same order for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Churn {
  readonly lab: Lab;
  readonly node: string;
  readonly random: () => number;
  /** What is there as far as `run` and `rm` said. */
  readonly alive: Map<string, Container>;
  refusals: number;
}

/** Attaches to none, one or several networks. An ADD that meets a dead agent is refused and leaves nothing. */
async function runOne(churn: Churn, name: string): Promise<void> {
  const { lab, node, random, alive } = churn;
  const networks = NETWORKS.filter(() => random() < 0.4).join(',');
  for (;;) {
    try {
      alive.set(name, await createContainer(lab, { name, node, ...(networks === '' ? {} : { networks }) }));
      return;
    } catch (error) {
      if (!(error instanceof LabError) || !/agent|try again|code 11|code 50/i.test(error.message)) throw error;
      churn.refusals += 1;
      await sleep(200);
    }
  }
}

async function removeOne({ lab, random, alive }: Churn): Promise<void> {
  const name = [...alive.keys()][Math.floor(random() * alive.size)];
  if (name === undefined) return;
  await removeContainer(lab, name);
  alive.delete(name);
}

/** Until every container of the node has run once; every third step removes one, and some restart the agent. */
async function churnNode(churn: Churn): Promise<void> {
  const { lab, node, random } = churn;
  const agent = agentDaemon(node);
  for (let i = 0; i < CONTAINERS_PER_NODE; i++) {
    await runOne(churn, `${node}-c${i}`);
    if (random() < 0.33) await removeOne(churn);
    if (random() < 0.06) {
      await (random() < 0.5 ? killDaemon(lab, agent) : stopDaemon(lab, agent));
      // Some work meets no agent at all: a DEL is queued then, an ADD refused.
      await removeOne(churn);
      await startDaemon(lab, agent);
    }
  }
  await awaitDaemon(lab, agent);
}

/** `<container> <interface> <network> <address>` of every interface on an overlay network. Sorted. */
const ofContainers = (containers: Iterable<Container>): readonly string[] =>
  [...containers]
    .flatMap(({ record, interfaces }) =>
      interfaces
        .filter(({ name }) => name !== 'eth0')
        .map(({ name, network, addresses }) => `${record.id} ${name} ${network} ${addresses.join(' ')}`),
    )
    .toSorted();

const ofApi = async (lab: Lab): Promise<readonly string[]> =>
  (await listEndpoints(lab))
    .map((one) => `${one.containerID} ${one.interface} ${one.network} ${one.addresses.join(' ')}`)
    .toSorted();

const journalFiles = async (lab: Lab, node: string): Promise<readonly string[]> =>
  (await readdir(join(lab.layout.node(node).state, 'attachments'))).toSorted();

/** Read from its disk as a restarted agent would: not before the files have settled, because that removes what looks half written. */
async function ofJournal(lab: Lab, node: string): Promise<readonly string[]> {
  const { journal, unreadable } = await openJournal(join(lab.layout.node(node).state, 'attachments'));
  if (unreadable.length > 0) throw new Error(`unreadable: ${unreadable.map(({ file }) => file).join(', ')}`);
  return journal
    .list()
    .flatMap(({ containerID, interfaces }) =>
      interfaces.flatMap(({ on, ifname, addresses }) =>
        on.kind === 'overlay' ? [`${containerID} ${ifname} ${on.network} ${addresses.join(' ')}`] : [],
      ),
    )
    .toSorted();
}

const aliasSchema = z.object({ ifname: z.string(), ifalias: z.string().optional() });
/** `warren:<container>:<interface>` of every device of ours in a place. Sorted. */
const aliases = async (lab: Lab, place: Place): Promise<readonly string[]> =>
  (await rows(lab, place, ['ip', '-j', '-d', 'link', 'show', 'type', 'veth'], aliasSchema))
    .flatMap(({ ifalias }) => (ifalias?.startsWith('warren:') === true ? [ifalias] : []))
    .toSorted();

test(`${CONTAINERS_PER_NODE} containers on each of three nodes, in random order`, async (t) => {
  t.comment(`run it again with SEED=${SEED}`);
  const lab = await withLab(t);
  for (const name of NETWORKS) await network(lab, name);
  const networks = await listNetworks(lab);
  const vniOf = (name: string): number => networks.find((one) => one.name === name)?.vni ?? 0;
  const churns: readonly Churn[] = lab.nodes.map(({ name: node }, i) => ({
    ...{ lab, node, random: randomFrom(SEED + i), alive: new Map<string, Container>(), refusals: 0 },
  }));
  await Promise.all(churns.map(churnNode));
  const all = churns.flatMap(({ alive }) => [...alive.values()]);
  t.comment(
    `${all.length} containers are left, ${churns.reduce((sum, one) => sum + one.refusals, 0)} ADDs were refused`,
  );

  await t.test('the API has the endpoints of what runs, and no others', async (t) => {
    t.strictSame(await settles(() => ofApi(lab), ofContainers(all)), ofContainers(all));
    const addresses = all.map((container) => addressOf(container, 'eth0'));
    t.equal(new Set(addresses).size, addresses.length, 'no eth0 address was given twice');
  });

  await t.test('the journals have them too', async (t) => {
    for (const { node, alive } of churns) {
      const files = [...alive.values()].map(({ record }) => `${record.id}.eth0.json`).toSorted();
      t.strictSame(await settles(() => journalFiles(lab, node), files), files, `files of ${node}`);
      t.strictSame(await ofJournal(lab, node), ofContainers(alive.values()), node);
    }
  });

  await t.test('the kernels have their devices, their peers, and no others', async (t) => {
    for (const { node, alive } of churns) {
      const own = [...alive.values()];
      const eth0 = own.map(({ record }) => `warren:${record.id}:eth0`).toSorted();
      t.strictSame(await settles(() => aliases(lab, nodePlace(lab, node)), eth0), eth0, `eth0 of the pods of ${node}`);
      const joined = NETWORKS.filter((name) =>
        own.some(({ interfaces }) => interfaces.some(({ network }) => network === name)),
      );
      const names = joined.map((name) => `warren-${vniOf(name)}`).toSorted();
      t.strictSame(await settles(() => networkNamespaces(lab, node), names), names, `networks on ${node}`);
      for (const name of joined) {
        const wanted = own
          .flatMap(({ record, interfaces }) =>
            interfaces.filter((one) => one.network === name).map((one) => `warren:${record.id}:${one.name}`),
          )
          .toSorted();
        const place = networkPlace(lab, node, vniOf(name));
        t.strictSame(await settles(() => aliases(lab, place), wanted), wanted, `devices of ${name} on ${node}`);
        const entries = wantedEntries(lab, node, name, all);
        t.strictSame(
          await settles(() => peerEntries(lab, node, vniOf(name)), entries),
          entries,
          `peers of ${name} on ${node}`,
        );
      }
    }
  });

  await t.test('after the last one nothing is left', async (t) => {
    await Promise.all(
      churns.map(async ({ alive }) => {
        for (const name of alive.keys()) await removeContainer(lab, name);
      }),
    );
    t.strictSame(await settles(() => ofApi(lab), []), []);
    for (const { name: node } of lab.nodes) {
      t.strictSame(await settles(() => networkNamespaces(lab, node), []), [], `networks on ${node}`);
      t.strictSame(await settles(() => aliases(lab, nodePlace(lab, node)), []), [], `devices on ${node}`);
      t.strictSame(await settles(() => journalFiles(lab, node), []), [], `journal of ${node}`);
      const queue = (): Promise<readonly string[]> => readdir(join(lab.layout.node(node).state, 'queue'));
      t.strictSame(await settles(queue, []), [], `queue of ${node}`);
      t.strictSame(await readdir(join(lab.layout.node(node).cniState, 'results')), [], `results on ${node}`);
      t.strictSame(await readdir(join(lab.layout.node(node).run, 'netns')), [], `namespaces of ${node}`);
    }
  });
});
