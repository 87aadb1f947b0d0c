/** An agent's life: lock, journal, kernel, socket; then, once the cluster is known, what earlier lives left; then readiness. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CniError } from '../api/cni.ts';
import type { Kernel } from '../dataplane/op.ts';
import type { KubeClient } from '../kube/client.ts';
import { openKernel } from '../kernel/linux.ts';
import { createNftDriver } from '../kernel/nft/driver.ts';
import { openJournal } from '../store/journal.ts';
import { lockDirectory } from '../store/lock.ts';
import type { Logger } from '../telemetry/log.ts';
import { type Agent, createAgent } from './agent.ts';
import type { AgentConfig } from './config.ts';
import { installConfList, installPlugin, shadowingConf } from './install.ts';
import { loadFacts } from './node-facts.ts';
import { servePlugin } from './plugin-server.ts';
import { drainQueue } from './queued-dels.ts';
import { factsPath } from './self.ts';
import { createSweeper } from './sweep.ts';
import { createVerbs } from './verbs.ts';
import { scopesOf } from './view.ts';

export interface RunOptions {
  readonly config: AgentConfig;
  readonly client: KubeClient;
  readonly log: Logger;
  readonly onVerb?: (verb: string, seconds: number, error: CniError | undefined) => void;
}

export interface RunningAgent {
  /** Why this node takes no pods now; undefined: it does. */
  notReady(): string | undefined;
  readonly agent: Agent;
  /** Answers what is under way and leaves the data path as it is. */
  stop(): Promise<void>;
}

const SWEEP_INTERVAL_MS = 15_000;
/** What notifications cannot tell (rules changed by hand, messages that the kernel dropped) is found by looking. */
const LOOK_INTERVAL_MS = 30_000;

/** Throws an Error that a person can act on when the node cannot be run at all. */
export async function runAgent(options: RunOptions): Promise<RunningAgent> {
  const { config, client, log } = options;
  const unlock = lockDirectory(config.stateDir);
  if (!unlock.ok) throw new Error(unlock.error);
  const { journal, unreadable } = await openJournal(join(config.stateDir, 'attachments'));
  for (const { file, error } of unreadable) log.error({ file, error }, 'journal entry is not readable: set aside');
  const kernel = await openKernel({
    ...{ netnsDir: config.netnsDir, nft: createNftDriver(), log },
    containers: () => journal.list().map((one) => one.netns),
  });
  await mkdir(config.queueDir, { recursive: true, mode: 0o700 });
  const agent = createAgent({ ...options, kernel, journal, remembered: await loadFacts(factsPath(config.stateDir)) });
  const unwatch = [kernel.watch((netns) => agent.dirty.look(netns)), kernel.watchHostLinks(() => agent.self.refresh())];
  const verbs = createVerbs({ parts: agent.parts, client, ...(options.onVerb && { onDone: options.onVerb }) });
  const server = await servePlugin(config.socketPath, verbs, log);
  agent.parts.attachmentsChanged();
  const drain = (): Promise<void> => drainQueue(config.queueDir, verbs, log);
  await drain();
  const timers = periodic(agent, client, drain);
  let installed: string | undefined = 'the CNI configuration is not installed yet';
  void settle(agent, kernel).then(
    async () => {
      await install(config, log);
      installed = undefined;
    },
    (error: unknown) => log.error({ err: error }, 'start not finished'),
  );
  return {
    agent,
    notReady: () => agent.self.unknown() ?? installed,
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      for (const undo of unwatch) undo();
      await server.stop();
      await agent.stop();
      await kernel.close();
      unlock.value();
    },
  };
}

/** The binary before the configuration: with the latter the runtime begins to call. */
async function install({ nodeName, plugin, cniBinDir, cniConfDir }: AgentConfig, log: Logger): Promise<void> {
  if (plugin !== undefined) {
    await installPlugin(plugin, cniBinDir);
    await installConfList(cniConfDir);
    const first = await shadowingConf(cniConfDir);
    if (first !== undefined) log.warn({ file: first }, 'the runtime takes this CNI configuration, not ours: remove it');
  }
  log.info({ node: nodeName }, 'ready: pods can be attached');
}

/** After a start: everything that is ours in the kernel, wanted or not, is brought to what the cluster says. */
async function settle(agent: Agent, kernel: Kernel): Promise<void> {
  const { cluster, journal, releases, view } = agent.parts;
  await cluster.synced;
  agent.self.refresh();
  for (const one of journal.list()) if (one.state === 'releasing') releases.add(`${one.containerID}.${one.ifname}`);
  await agent.self.known();
  const now = view();
  for (const scope of [...(now === undefined ? [] : scopesOf(now)), ...(await kernel.listNetns())])
    agent.dirty.look(scope, 'now');
  await agent.dirty.idle();
}

function periodic(agent: Agent, client: KubeClient, drain: () => Promise<void>): NodeJS.Timeout[] {
  const sweeper = createSweeper(agent.parts, client);
  const { log, cluster, view } = agent.parts;
  const sweep = (): void => {
    drain().catch((error: unknown) => log.warn({ err: error }, 'queue of DELs not drained'));
    if (!cluster.isReady()) return;
    sweeper.sweep().catch((error: unknown) => log.warn({ err: error }, 'sweep not finished'));
  };
  const look = (): void => {
    const now = view();
    if (now !== undefined) for (const scope of scopesOf(now)) agent.dirty.look(scope);
  };
  return [setInterval(sweep, SWEEP_INTERVAL_MS), setInterval(look, LOOK_INTERVAL_MS)];
}
