/** What the agent's verbs and loops share. */
import type { LinuxKernel } from '../kernel/linux.ts';
import type { Queue } from '../reconcile/queue.ts';
import type { Journal } from '../store/journal.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Claims } from './claim.ts';
import type { Cluster } from './cluster.ts';
import type { AgentConfig } from './config.ts';
import type { GatewayAddresses } from './gateway-addresses.ts';
import type { KeyedLock } from './keyed-lock.ts';
import type { Scopes } from './scopes.ts';
import type { View } from './view.ts';

/** The agent looks at the host's devices through `underlay` alone. */
export type AgentKernel = Omit<LinuxKernel, 'watchHostLinks' | 'close'>;

export interface Parts {
  readonly config: AgentConfig;
  readonly log: Logger;
  readonly kernel: AgentKernel;
  readonly cluster: Cluster;
  readonly journal: Journal;
  readonly scopes: Scopes;
  readonly claims: Claims;
  readonly gatewayAddresses: GatewayAddresses;
  /** By container: whatever is done to a container's attachments is done under its lock, and nothing beside it. */
  readonly containers: KeyedLock;
  /** Attachments (by key) whose claims are to be given back. */
  readonly releases: Queue<string>;
  /** Attachments (by key) whose pod is to be told its addresses. */
  readonly reports: Queue<string>;
  /** Undefined until the node knows its own addresses and gateway subnets. */
  readonly view: () => View | undefined;
  /** Tells the pod's reader what went wrong; never throws. */
  readonly podEvent: (pod: { namespace: string; name: string; uid: string }, reason: string, message: string) => void;
  /** To be called when attachments came or went: which networks are followed depends on them. */
  readonly attachmentsChanged: () => void;
}
