/** The lab's long-running programs: API server, controller, one agent a node. */
import { readdir } from 'node:fs/promises';
import { prefixAddress } from '../net/address.ts';
import { agentAccount, CONTROLLER } from './access.ts';
import { cniStatus, loadConfList } from './cni-runtime.ts';
import { cniHost, findNode, type Lab, onFabric } from './lab.ts';
import { LabError } from './lab-error.ts';
import { onNode } from './node.ts';
import {
  forgetProcess,
  killProcess,
  logTail,
  type ProcessSpec,
  runningProcess,
  startProcess,
  stopProcess,
} from './process.ts';
import { findPrograms, type Programs } from './programs.ts';
import type { LabNode } from './topology.ts';
import { eventually } from './wait.ts';

export const API_SERVER = 'apiserver';
const HEALTH_CONTROLLER = '127.0.0.1:9652';

export type Daemon = typeof API_SERVER | typeof CONTROLLER | `agent-${string}`;
export const agentDaemon = (node: string): Daemon => `agent-${node}`;
export const daemonsOf = (lab: Lab): readonly Daemon[] => [
  API_SERVER,
  CONTROLLER,
  ...lab.nodes.map((node) => agentDaemon(node.name)),
];

/** How each is started. Exhaustive by its type: whatever is neither of the two others is an agent. */
function specOf(lab: Lab, daemon: Daemon): ProcessSpec {
  const { layout, env } = lab;
  const programs = findPrograms();
  if (daemon === API_SERVER)
    return { name: daemon, argv: [programs.warrenctl, 'lab', 'apiserver', '--dir', layout.dir], env };
  if (daemon === CONTROLLER) {
    const flags = ['--kubeconfig', layout.kubeconfig(CONTROLLER), '--health-address', HEALTH_CONTROLLER];
    return { name: daemon, argv: onFabric(layout, [programs.controller, ...flags]), env };
  }
  const node = findNode(lab, daemon.slice('agent-'.length));
  return { name: daemon, argv: onNode(layout, node.name, [programs.agent, ...agentFlags(lab, node, programs)]), env };
}

/** The tunnel's address is named: by itself an agent prefers IPv4 on a node that has both families. */
const agentFlags = (
  { layout }: Lab,
  { name, addresses: [address] }: LabNode,
  { warren }: Programs,
): readonly string[] => [
  ...['--node-name', name],
  ...['--kubeconfig', layout.kubeconfig(agentAccount(name))],
  ...['--plugin', warren],
  ...(address === undefined ? [] : ['--node-ip', prefixAddress(address)]),
];

/** Starts it unless it runs; true when it was started. */
export async function startDaemon(lab: Lab, daemon: Daemon): Promise<boolean> {
  if (await runningProcess(lab.layout, daemon)) return false;
  await startProcess(lab.layout, specOf(lab, daemon));
  return true;
}

/** SIGTERM and its patience; false when it did not run. */
export async function stopDaemon(lab: Lab, daemon: Daemon): Promise<boolean> {
  return endDaemon(lab, daemon, stopProcess);
}

/** SIGKILL: a crash. */
export async function killDaemon(lab: Lab, daemon: Daemon): Promise<boolean> {
  return endDaemon(lab, daemon, killProcess);
}

async function endDaemon(lab: Lab, daemon: Daemon, end: typeof killProcess): Promise<boolean> {
  const running = await runningProcess(lab.layout, daemon);
  if (running) await end(running);
  await forgetProcess(lab.layout, daemon);
  return running !== undefined;
}

export const DAEMON_ACTIONS = ['stop', 'start', 'restart', 'kill'] as const;
export type DaemonAction = (typeof DAEMON_ACTIONS)[number];

/** Does it, waits until it is done, and says so. */
export async function controlDaemon(lab: Lab, daemon: Daemon, action: DaemonAction): Promise<string> {
  if (action === 'kill') return `${daemon} ${(await killDaemon(lab, daemon)) ? 'killed' : 'does not run'}`;
  if (action === 'stop') return `${daemon} ${(await stopDaemon(lab, daemon)) ? 'stopped' : 'does not run'}`;
  if (action === 'restart') await stopDaemon(lab, daemon);
  const started = await startDaemon(lab, daemon);
  await awaitDaemon(lab, daemon);
  return `${daemon} ${started ? 'started' : 'runs already'}`;
}

/** Resolves when it does its work. Throws LabError with the end of its log when it died or does not get there in time. */
export async function awaitDaemon(lab: Lab, daemon: Daemon, timeout = 30_000): Promise<void> {
  const ended = Symbol('ended');
  const outcome = await eventually(async () => {
    if (!(await runningProcess(lab.layout, daemon))) return ended;
    await probe(lab, daemon);
    return undefined;
  }, timeout).catch(async (error: unknown) => {
    throw await notReady(lab, daemon, `is not ready after ${timeout / 1000} s: ${reason(error)}`);
  });
  if (outcome === ended) throw await notReady(lab, daemon, 'ended');
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function notReady(lab: Lab, daemon: Daemon, what: string): Promise<LabError> {
  const tail = await logTail(lab.layout, daemon);
  return new LabError(
    `${daemon} ${what}\n${tail === '' ? '(its log is empty)' : tail}`,
    `its whole log: ${lab.layout.log(daemon)}`,
  );
}

/** Throws while it is not ready. */
async function probe(lab: Lab, daemon: Daemon): Promise<void> {
  if (daemon === API_SERVER) await lab.api.request('/readyz');
  else if (daemon === CONTROLLER) return;
  else await probeAgent(lab, daemon.slice('agent-'.length));
}

/** As containerd does: a configuration is there, and its plugins answer STATUS. */
async function probeAgent(lab: Lab, node: string): Promise<void> {
  const host = cniHost(lab, node);
  if ((await readdir(host.confDir)).length === 0) throw new Error('it has not installed a CNI configuration');
  await cniStatus(host, await loadConfList(host));
}
