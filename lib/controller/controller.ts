/** The controller: watches the cluster, and works off what changed while it leads. */
import type { KubeClient } from '../kube/client.ts';
import { createEventRecorder } from '../kube/events.ts';
import type { InformerTiming } from '../kube/informer.ts';
import { type Election, type ElectionOptions, type ElectionTiming, startElection } from '../kube/lease.ts';
import { createRunner, type Runner } from '../reconcile/runner.ts';
import { errorMessage, type Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Context } from './context.ts';
import { createLoops, type Loops, triggerEverything, triggersOf } from './loops.ts';
import { listServiceRanges, type ServiceRanges } from './service-ranges.ts';
import { type View, watchCluster } from './view.ts';

export interface ElectionSource {
  readonly namespace: string;
  /** Unique for each process. */
  readonly identity: string;
  readonly timing?: Partial<ElectionTiming>;
}

export interface ControllerOptions {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Absent: it leads without asking anybody. */
  readonly election?: ElectionSource;
  /** How long endpoints of a node that is gone are kept for its return. Default one minute. */
  readonly endpointGraceMs?: number;
  readonly timing?: Partial<InformerTiming>;
  /** This process's idea of the time, for what people read; nothing is decided by it. In ms since the epoch. */
  readonly wallClock?: () => number;
}

export interface Controller {
  /** All informers have listed once. */
  readonly synced: Promise<void>;
  readonly isLeading: boolean;
  /** What keeps it from doing its work, by name; empty when nothing does. */
  problems(): Readonly<Record<string, string>>;
  /** Resolves when nothing is left to do of what is known now. */
  idle(): Promise<void>;
  /** Finishes what is under way and gives leadership back. */
  stop(): Promise<void>;
}

const LEASE_NAME = 'warren-controller';
const ENDPOINT_GRACE_MS = 60_000;

export function startController(options: ControllerOptions): Controller {
  const { client, logger, metrics, timing = {}, endpointGraceMs = ENDPOINT_GRACE_MS, wallClock = Date.now } = options;
  const recorder = createEventRecorder(client, { component: 'warren-controller', logger });
  let isPlaceKnown = false;
  const isLeading = (): boolean => election?.isLeader ?? options.election === undefined;
  const mayWork = (): boolean => isLeading() && view.isSynced() && isPlaceKnown;
  // Work starts after the informers have listed: by then all of these are set.
  const loops: Loops = createLoops({ context: () => context, mayWork, logger, metrics, endpointGraceMs });
  const view: View = watchCluster({ client, logger, timing, changes: triggersOf(loops) });
  const context: Context = { client, view, recorder, logger, now: () => new Date(wallClock()) };
  const begin = (): void => triggerEverything(loops, view);
  const election = options.election && elect({ ...options.election, wallClock }, client, logger, begin);
  const services = followServices(client, logger, (ranges) => {
    view.setServiceRanges(ranges);
    isPlaceKnown = true;
  });
  const synced = Promise.all([view.synced, services.idle()]).then(begin);
  synced.catch(() => undefined);
  metrics.gauge({ name: 'controller_leading', help: '1 while it leads.', collect: () => Number(isLeading()) });
  const all: readonly Pick<Runner, 'idle' | 'stop'>[] = [
    ...Object.values<Pick<Runner, 'idle' | 'stop'>>({ ...loops }),
    services,
  ];
  return {
    synced,
    get isLeading() {
      return isLeading();
    },
    problems: () => problemsOf(view),
    idle: async () => {
      await Promise.all(all.map((loop) => loop.idle()));
    },
    stop: async () => {
      await Promise.all(all.map((loop) => loop.stop()));
      await Promise.all([view.stop(), recorder.flush(), election?.stop()]);
    },
  };
}

/** Services get another range about once in the life of a cluster. */
const SERVICES_MS = 60_000;

function followServices(client: KubeClient, logger: Logger, onRanges: (ranges: ServiceRanges) => void): Runner {
  const runner = createRunner({
    work: async () => onRanges(await listServiceRanges(client)),
    resyncMs: SERVICES_MS,
    onError: (error) => logger.warn({ reason: errorMessage(error) }, 'ranges of Services not known: trying again'),
  });
  runner.trigger();
  return runner;
}

function elect(
  source: ElectionSource & Pick<ElectionOptions, 'wallClock'>,
  client: KubeClient,
  logger: Logger,
  begin: () => void,
): Election {
  const onChange = (isLeader: boolean): void => {
    if (isLeader) begin();
  };
  return startElection({ ...source, client, logger, name: LEASE_NAME, onChange });
}

function problemsOf(view: View): Readonly<Record<string, string>> {
  if (!view.isSynced()) return { api: 'the first list from the API server is not complete' };
  const kinds = view.disconnected();
  return kinds.length === 0 ? {} : { api: `no connection to the API server for ${kinds.join(', ')}` };
}
