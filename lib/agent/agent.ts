/** The node agent: joins the cluster's state, the journal and the kernel. */
import { randomUUID } from 'node:crypto';
import { renderObject } from '../dataplane/text.ts';
import type { KubeClient } from '../kube/client.ts';
import { createEventRecorder } from '../kube/events.ts';
import { type IpAddress, prefixAddress } from '../net/address.ts';
import { createQueue } from '../reconcile/queue.ts';
import type { InterfaceRecord } from '../store/attachment.ts';
import type { Journal } from '../store/journal.ts';
import type { Logger } from '../telemetry/log.ts';
import { type Claims, createClaims } from './claim.ts';
import { type Cluster, watchCluster } from './cluster.ts';
import type { AgentConfig } from './config.ts';
import { createDirtyScopes, type DirtyScopes } from './dirty-scopes.ts';
import { createGatewayAddresses } from './gateway-addresses.ts';
import { createKeyedLock } from './keyed-lock.ts';
import type { AgentKernel, Parts } from './parts.ts';
import { finishRelease } from './release.ts';
import { reportAttachment } from './report.ts';
import { createScopes, type Scopes } from './scopes.ts';
import { createSelf, type Self } from './self.ts';
import { desiredScope, type NodeFacts, scopesOf, type View } from './view.ts';

export interface AgentOptions {
  readonly config: AgentConfig;
  readonly client: KubeClient;
  readonly kernel: AgentKernel;
  readonly journal: Journal;
  readonly remembered: NodeFacts | undefined;
  readonly log: Logger;
}

export interface Agent {
  readonly parts: Parts;
  readonly self: Self;
  readonly dirty: DirtyScopes;
  /** Leaves the data path as it is. */
  stop(): Promise<void>;
}

export function createAgent(options: AgentOptions): Agent {
  const { config, kernel, client, journal, log } = options;
  const self: Self = createSelf({
    ...options,
    findUnderlay: kernel.underlay,
    incarnation: randomUUID(),
    cluster: () => cluster,
    onChange: () => dirty.all(),
  });
  const cluster: Cluster = watchCluster(client, config.nodeName, log, {
    onNetwork: () => dirty.all(),
    onPeer: (name) => (name === config.nodeName ? self.refresh() : dirty.all()),
    onNode: () => self.refresh(),
    onEndpoint: (network) => dirty.network(network),
  });
  const view = (): View | undefined => viewOf(options, self, cluster);
  const maySweep = (): boolean => view() !== undefined && cluster.isSynced();
  const scopes = scopesOn(options, view, maySweep);
  const dirty = createDirtyScopes({ scopes, cluster, view, netnsDir: config.netnsDir, maySweep, log });
  const attachmentsChanged = (): void => {
    const names = new Set(journal.list().flatMap((one) => one.interfaces.flatMap(overlayNames)));
    cluster.follow(names);
    self.publish(names);
  };
  const parts: Parts = {
    ...{ config, log, kernel, cluster, journal, scopes, view, attachmentsChanged },
    ...attachmentQueues(options, () => parts),
    claims: claimsOn(options, cluster),
    containers: createKeyedLock(),
    gatewayAddresses: createGatewayAddresses(() => addressesOn(journal, ({ on }) => on.kind === 'gateway')),
    podEvent: podEvents(options),
  };
  const stop = async (): Promise<void> => {
    await Promise.all([dirty.stop(), parts.releases.stop(), parts.reports.stop(), self.stop(), cluster.stop()]);
    await scopes.idle();
  };
  return { parts, self, dirty, stop };
}

function claimsOn({ client, journal }: AgentOptions, { endpoints }: Cluster): Claims {
  const ownAddresses = (network: string): readonly IpAddress[] =>
    addressesOn(journal, ({ on }) => on.kind === 'overlay' && on.network === network);
  return createClaims({ client, endpoints, ownAddresses, random: Math.random });
}

function scopesOn({ kernel, log }: AgentOptions, view: () => View | undefined, maySweep: () => boolean): Scopes {
  return createScopes({
    kernel,
    maySweep,
    desired: (scope) => {
      const now = view();
      return now === undefined ? [] : desiredScope(now, scope);
    },
    isWanted: (scope) => {
      const now = view();
      return now === undefined || scopesOf(now).includes(scope);
    },
    onApplied: (scope, { done, failed }) => {
      if (!log.isLevelEnabled('debug')) return;
      const ops = done.map((op) => `${op.kind} ${renderObject(op.object)}`);
      log.debug({ scope, ops, failed: failed.length }, 'applied');
    },
  });
}

function viewOf({ config, journal }: AgentOptions, self: Self, cluster: Cluster): View | undefined {
  const node = self.facts();
  if (node === undefined) return undefined;
  const { network, endpoints } = cluster;
  return { config, node, attachments: journal.list(), peers: cluster.peers(), network, endpoints };
}

function attachmentQueues(
  { client, journal, log }: AgentOptions,
  parts: () => Parts,
): Pick<Parts, 'releases' | 'reports'> {
  const releases = createQueue<string>({
    work: async (key) => {
      const attachment = journal.get(key);
      if (attachment === undefined) return;
      await parts().containers.run(attachment.containerID, () => finishRelease(parts(), attachment));
    },
    concurrency: 8,
    onError: (key, error, retry) =>
      log.warn({ attachment: key, err: error, ...retry }, 'release not finished: trying again'),
  });
  const reports = createQueue<string>({
    work: async (key) => {
      const attachment = journal.get(key);
      if (attachment?.state === 'attached') await reportAttachment(client, attachment);
    },
    onError: (key, error, retry) =>
      log.warn({ attachment: key, err: error, ...retry }, 'pod annotation not written: trying again'),
  });
  return { releases, reports };
}

function podEvents({ client, config, log }: AgentOptions): Parts['podEvent'] {
  const events = createEventRecorder(client, { component: 'warren-agent', host: config.nodeName, logger: log });
  return ({ namespace, name, uid }, reason, message) =>
    events.record({ apiVersion: 'v1', kind: 'Pod', namespace, name, uid }, { type: 'Warning', reason, message });
}

function addressesOn(journal: Journal, isOn: (one: InterfaceRecord) => boolean): IpAddress[] {
  return journal
    .list()
    .flatMap((one) => one.interfaces.filter(isOn).flatMap((each) => each.addresses.map(prefixAddress)));
}

const overlayNames = ({ on }: InterfaceRecord): string[] => (on.kind === 'overlay' ? [on.network] : []);
