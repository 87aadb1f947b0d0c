/** When the controller does what: which change asks for which work, how often, and what happens when it fails. */
import type { Network } from '../api/network.ts';
import { ApiError } from '../kube/error.ts';
import { findCondition } from '../kube/status.ts';
import { createQueue, type Queue, type QueueOptions } from '../reconcile/queue.ts';
import { createRunner, type Runner, type RunnerOptions } from '../reconcile/runner.ts';
import { errorMessage, type Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Context } from './context.ts';
import { collectClaims, createEndpointCollector, createPodCollector } from './garbage-loop.ts';
import { reconcileNetwork } from './network-loop.ts';
import { reconcileNode } from './node-loop.ts';
import { reconcilePools } from './pool-loop.ts';
import type { View, ViewChanges } from './view.ts';

export interface Loops {
  readonly networks: Queue<string>;
  readonly nodes: Queue<string>;
  readonly pools: Runner;
  readonly claimGarbage: Runner;
  readonly endpointGarbage: Runner;
  readonly podGarbage: Runner;
  /** Asks again for those that could not get what they need: something may have become free. */
  readonly waiting: Runner;
  /** Has all Networks looked at when the smallest underlay is another. */
  readonly mtu: Runner;
}

export interface LoopOptions {
  /** Asked when the first work starts, not before. */
  readonly context: () => Context;
  /** Work asked for while this is false is dropped: everything is asked for again when it becomes true. */
  readonly mayWork: () => boolean;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly endpointGraceMs: number;
}

/** A network's status is written at most this often. */
const NETWORK_INTERVAL_MS = 200;
const POOL_INTERVAL_MS = 500;
const GARBAGE_INTERVAL_MS = 50;
/** Thousands of networks may go in a second: those that wait are asked for a few times, not with each. */
const WAITING_INTERVAL_MS = 100;
/** Nodes that join together are one change. */
const MTU_INTERVAL_MS = 500;
const RESYNC_MS = 10_000;
const CONCURRENCY = 8;

export function createLoops(options: LoopOptions): Loops {
  const { context, logger } = options;
  const observe = observerOf(options);
  const queue = (kind: string, work: (key: string) => Promise<void>, more: Partial<QueueOptions<string>> = {}) =>
    createQueue<string>({
      concurrency: CONCURRENCY,
      ...more,
      work: (key) => observe(kind, () => work(key)),
      onError: (key, error, retry) => reportFailure(logger, { kind, object: key, ...retry }, error),
    });
  const runner: MakeRunner = (kind, work, more) =>
    createRunner({
      ...more,
      work: () => observe(kind, work),
      onError: (error, retry) => reportFailure(logger, { kind, ...retry }, error),
    });
  const networks = queue('network', (name) => reconcileNetwork(context(), name), {
    minIntervalMs: NETWORK_INTERVAL_MS,
  });
  const nodes = queue('node', (name) => reconcileNode(context(), name));
  return {
    networks,
    nodes,
    ...garbageLoops(options, runner),
    mtu: runner('mtu', createMtuWatch(networks, context), { minIntervalMs: MTU_INTERVAL_MS }),
    waiting: runner('waiting', () => Promise.resolve(wakeWaiting({ networks, nodes }, context().view)), {
      minIntervalMs: WAITING_INTERVAL_MS,
    }),
    pools: runner('pool', () => reconcilePools(context()), { minIntervalMs: POOL_INTERVAL_MS }),
  };
}

type MakeRunner = (kind: string, work: () => Promise<void>, more: Partial<RunnerOptions>) => Runner;

/** What they remember begins with their first work: there is no context before. */
function garbageLoops(
  { context, endpointGraceMs }: LoopOptions,
  runner: MakeRunner,
): Pick<Loops, 'claimGarbage' | 'endpointGarbage' | 'podGarbage'> {
  const timing = { minIntervalMs: GARBAGE_INTERVAL_MS, resyncMs: Math.min(RESYNC_MS, endpointGraceMs) };
  let collectEndpoints: (() => Promise<void>) | undefined;
  let collectPods: (() => Promise<void>) | undefined;
  return {
    claimGarbage: runner('claim-garbage', () => collectClaims(context()), { ...timing, resyncMs: RESYNC_MS }),
    endpointGarbage: runner(
      'endpoint-garbage',
      () => (collectEndpoints ??= createEndpointCollector(context(), endpointGraceMs))(),
      timing,
    ),
    podGarbage: runner('pod-garbage', () => (collectPods ??= createPodCollector(context(), endpointGraceMs))(), timing),
  };
}

/** Runs work only when it may run, and measures it. */
function observerOf({ mayWork, metrics }: LoopOptions) {
  const seconds = metrics.histogram({
    name: 'controller_reconcile_seconds',
    help: 'Time to bring one object to where it should be.',
    labels: ['kind', 'outcome'],
  });
  return async (kind: string, work: () => Promise<void>): Promise<void> => {
    if (!mayWork()) return;
    const end = seconds.startTimer({ kind });
    try {
      await work();
      end({ outcome: 'success' });
    } catch (error) {
      end({ outcome: 'failure' });
      throw error;
    }
  };
}

/** A conflict is no failure: something changed meanwhile, and the work is done again on what it is now. */
function reportFailure(logger: Logger, fields: object, error: unknown): void {
  const isConflict = error instanceof ApiError && error.reason === 'Conflict';
  if (isConflict) logger.debug({ ...fields, reason: errorMessage(error) }, 'decided on something older: again');
  else if (error instanceof ApiError) logger.warn({ ...fields, reason: errorMessage(error) }, 'not done: trying again');
  else logger.error({ ...fields, err: error }, 'not done: trying again');
}

/** Which work each change asks for. */
export function triggersOf(loops: Loops): ViewChanges {
  return {
    onNetwork: ({ type, object }) => {
      if (type !== 'deleted') loops.networks.add(object.metadata.name);
      else loops.claimGarbage.trigger();
      if (object.spec.subnets.length > 0) loops.pools.trigger();
    },
    onPool: () => {
      loops.pools.trigger();
      loops.waiting.trigger();
    },
    onClaim: ({ type, object }) => {
      loops.pools.trigger();
      if (type === 'deleted') loops.waiting.trigger();
      const { kind, name } = object.spec.holder;
      (kind === 'Network' ? loops.networks : loops.nodes).add(name);
    },
    onEndpoints: (network) => loops.networks.add(network),
    onNode: ({ type, object }) => {
      if (type === 'deleted') loops.endpointGarbage.trigger();
      loops.nodes.add(object.metadata.name);
    },
    onPeer: ({ type, object, old }) => {
      if (type === 'deleted') loops.claimGarbage.trigger();
      loops.nodes.add(object.metadata.name);
      // A node's underlay may be the smallest one, which every Network shows.
      if (type !== 'updated' || old.status.underlayMTU !== object.status.underlayMTU) loops.mtu.trigger();
    },
    onNeighbours: (names) => {
      for (const name of names) loops.networks.add(name);
    },
  };
}

function createMtuWatch(networks: Queue<string>, context: () => Context): () => Promise<void> {
  let known: number | undefined;
  return () => {
    const { view } = context();
    const now = view.tunnelMtu();
    if (now !== known) for (const { metadata } of view.networks.list()) networks.add(metadata.name);
    known = now;
    return Promise.resolve();
  };
}

function wakeWaiting({ networks, nodes }: Pick<Loops, 'networks' | 'nodes'>, view: View): void {
  for (const { metadata } of waitingNetworks(view)) networks.add(metadata.name);
  for (const { metadata, spec } of view.peers.list()) if (spec.gatewaySubnets.length === 0) nodes.add(metadata.name);
}

/** Those that could not get what they need, the oldest first. */
function waitingNetworks(view: View): readonly Network[] {
  const isWaiting = ({ status }: Network): boolean => findCondition(status.conditions, 'Allocated')?.status === 'False';
  const age = ({ metadata }: Network): string => metadata.creationTimestamp ?? '';
  return view.networks
    .list()
    .filter(isWaiting)
    .sort((a, b) => (age(a) < age(b) ? -1 : 1));
}

export function triggerEverything(loops: Loops, view: View): void {
  for (const { metadata } of view.networks.list()) loops.networks.add(metadata.name);
  for (const { metadata } of [...view.nodes.list(), ...view.peers.list()]) loops.nodes.add(metadata.name);
  loops.pools.trigger();
  loops.claimGarbage.trigger();
  loops.endpointGarbage.trigger();
  loops.podGarbage.trigger();
}
