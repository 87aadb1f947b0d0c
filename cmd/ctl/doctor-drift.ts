/** Compares a node's kernel with what the API and the node's journal ask for, as the agent itself would, and changes nothing. */
import { readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadFacts } from '../../lib/agent/node-facts.ts';
import { factsPath } from '../../lib/agent/self.ts';
import { desiredScope, scopesOf, type View } from '../../lib/agent/view.ts';
import { parseWith } from '../../lib/api/field.ts';
import type { DriftSeen } from '../../lib/ctl/doctor-node.ts';
import { type KernelObject, type NetnsRef, objectKey } from '../../lib/dataplane/object.ts';
import type { Op } from '../../lib/dataplane/op.ts';
import { netnsVni } from '../../lib/dataplane/owner.ts';
import { plan } from '../../lib/dataplane/plan.ts';
import { renderObject } from '../../lib/dataplane/text.ts';
import { createNftDriver } from '../../lib/kernel/nft/driver.ts';
import { observe } from '../../lib/kernel/observe/observer.ts';
import { SysctlKeys } from '../../lib/kernel/sysctl/keys.ts';
import { parseJson } from '../../lib/kube/error.ts';
import { type Attachment, attachmentSchema } from '../../lib/store/attachment.ts';
import type { NetworkState } from './doctor-cluster.ts';

/** Where the node's agent keeps what it does, as its flags say. */
export interface NodePlaces {
  readonly nodeName: string;
  readonly stateDir: string;
  readonly netnsDir: `/${string}`;
  readonly icc: boolean;
}

export interface Drift {
  readonly seen: readonly DriftSeen[];
  /** How many objects are asked for. */
  readonly objects: number;
}

/** What is under way now is no difference a moment later. */
const SECOND_LOOK_MS = 2000;

/** Undefined when the node has never run an agent. */
export async function findDrift(places: NodePlaces, state: () => Promise<NetworkState>): Promise<Drift | undefined> {
  const first = await look(places, await state());
  if (first === undefined || first.seen.length === 0) return first;
  await sleep(SECOND_LOOK_MS);
  const second = await look(places, await state());
  if (second === undefined) return undefined;
  const before = new Set(first.seen.map(keyOf));
  return { ...second, seen: second.seen.filter((one) => before.has(keyOf(one))) };
}

const keyOf = ({ place, what, object }: DriftSeen): string => `${place} ${what} ${object}`;

async function look(places: NodePlaces, state: NetworkState): Promise<Drift | undefined> {
  const view = await viewOf(places, state);
  if (view === undefined) return undefined;
  const kernel = readOnlyKernel(places, view);
  const rounds = await Promise.all(scopesOf(view).map((scope) => lookAt(kernel, view, scope)));
  const unwanted = leftOverNetns(places, view).map((netns): DriftSeen => {
    return { place: netns, what: 'left over', object: 'the namespace of a network that has no endpoint here' };
  });
  const objects = rounds.reduce((sum, round) => sum + round.objects, 0);
  return { seen: [...rounds.flatMap((round) => round.seen), ...unwanted], objects };
}

async function viewOf(
  { nodeName, stateDir, netnsDir, icc }: NodePlaces,
  state: NetworkState,
): Promise<View | undefined> {
  const node = await loadFacts(factsPath(stateDir));
  if (node === undefined) return undefined;
  const networks = new Map(state.networks.items.map((network) => [network.metadata.name, network]));
  const endpoints = Map.groupBy(state.endpoints.items, ({ spec }) => spec.network);
  return {
    config: { nodeName, netnsDir, icc },
    node,
    attachments: await readJournal(join(stateDir, 'attachments')),
    peers: state.peers.items,
    network: (name) => networks.get(name),
    endpoints: (network) => endpoints.get(network) ?? [],
  };
}

/** The agent's own way of opening it would set unreadable entries aside. */
async function readJournal(dir: string): Promise<readonly Attachment[]> {
  const files = (await readdir(dir)).filter((file) => file.endsWith('.json'));
  const texts = await Promise.all(files.map((file) => readFile(join(dir, file), 'utf8').catch(() => '')));
  return texts.flatMap((text) => {
    const read = parseWith(attachmentSchema, parseJson(text));
    return read.ok ? [read.value] : [];
  });
}

type Observe = (netns: NetnsRef, sysctls: SysctlKeys) => Promise<readonly KernelObject[]>;

function readOnlyKernel({ netnsDir }: NodePlaces, { attachments }: View): Observe {
  const named = readdirSync(netnsDir).map((name): NetnsRef => `${netnsDir}/${name}`);
  const candidates = [...new Set<NetnsRef>(['host', ...attachments.map((one) => one.netns), ...named])];
  const options = { netnsDir, nft: createNftDriver(), candidates: () => candidates, opened: () => Promise.resolve() };
  return (netns, sysctls) => observe(netns, { ...options, sysctls });
}

/** A scope, and what its veths bring into containers; there a later plugin may have changed what it likes. */
async function lookAt(observeIn: Observe, view: View, scope: NetnsRef): Promise<Drift> {
  const desired = desiredScope(view, scope);
  const sysctls = new SysctlKeys();
  for (const object of desired) if (object.kind === 'sysctl') sysctls.add(object.netns, object.key);
  const containers = [...new Set(desired.map((object) => object.netns))].filter((netns) => netns !== scope);
  const own = await observeIn(scope, sysctls);
  const inContainers = (await Promise.all(containers.map((netns) => observeIn(netns, sysctls)))).flat();
  const wanted = new Set(desired.map(objectKey));
  const there = [...own, ...inContainers].filter((object) => wanted.has(objectKey(object)));
  const ops = plan(desired, there).filter((op) => op.kind === 'create' || op.object.netns === scope);
  const leftOver = own
    .filter((object) => object.netns === scope && !wanted.has(objectKey(object)))
    .map((object): Op => ({ kind: 'delete', object }));
  return { seen: [...ops, ...leftOver].map(seenOf), objects: desired.length };
}

const WHAT = { create: 'missing', change: 'different', delete: 'left over' } as const;

const seenOf = ({ kind, object }: Op): DriftSeen => ({
  place: placeOf(object),
  what: WHAT[kind],
  object: renderObject(object),
});

const placeOf = ({ netns }: KernelObject): string => (netns === 'host' ? 'the host' : netns);

function leftOverNetns({ netnsDir }: NodePlaces, view: View): readonly NetnsRef[] {
  const wanted = new Set(scopesOf(view));
  return readdirSync(netnsDir)
    .map((name): NetnsRef => `${netnsDir}/${name}`)
    .filter((netns) => netnsVni(netns) !== undefined && !wanted.has(netns));
}
