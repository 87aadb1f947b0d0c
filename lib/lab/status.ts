/** What a lab consists of and how it does, for a person. */
import { listContainers } from './container-record.ts';
import { agentDaemon, API_SERVER, type Daemon, daemonsOf } from './daemons.ts';
import { CONTROLLER } from './access.ts';
import { cniStatus, loadConfList } from './cni-runtime.ts';
import { cniHost, type Lab } from './lab.ts';
import { runningProcess } from './process.ts';
import { textTable } from './text-table.ts';

export interface DaemonStatus {
  readonly daemon: Daemon;
  readonly pid: number | undefined;
  /** `ready`, `down`, or what its node answers to CNI STATUS. */
  readonly state: string;
}

export async function daemonStatuses(lab: Lab): Promise<readonly DaemonStatus[]> {
  return Promise.all(
    daemonsOf(lab).map(async (daemon) => {
      const running = await runningProcess(lab.layout, daemon);
      const state = running ? await stateOf(lab, daemon) : 'down';
      return { daemon, pid: running?.pid, state };
    }),
  );
}

async function stateOf(lab: Lab, daemon: Daemon): Promise<string> {
  const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
  if (daemon === CONTROLLER) return 'running';
  if (daemon === API_SERVER)
    return lab.api.request('/readyz').then(
      () => 'ready',
      (error: unknown) => reasonOf(error),
    );
  const node = lab.nodes.find((each) => agentDaemon(each.name) === daemon)?.name ?? '';
  const host = cniHost(lab, node);
  return loadConfList(host)
    .then((conf) => cniStatus(host, conf))
    .then(
      () => 'ready',
      (error: unknown) => reasonOf(error),
    );
}

/** Text for `lab status`. */
export async function statusText(lab: Lab): Promise<string> {
  const { layout, state, nodes } = lab;
  const { underlayMtu, underlayFamily } = state.options;
  const [daemons, containers] = await Promise.all([daemonStatuses(lab), listContainers(layout)]);
  const rows = daemons.map(({ daemon, pid, state: how }) => [daemon, pid === undefined ? '-' : String(pid), how]);
  const parts = [
    `lab in ${layout.dir}: ${nodes.length} nodes, IPv${underlayFamily} underlay with MTU ${underlayMtu}, API on 127.0.0.1:${state.apiPort}`,
    textTable([['PROCESS', 'PID', 'STATE'], ...rows]),
    textTable([['NODE', 'ADDRESSES'], ...nodes.map((node) => [node.name, node.addresses.join(', ')])]),
    containers.length === 0
      ? 'no containers'
      : textTable([
          ['CONTAINER', 'NODE', 'ID'],
          ...containers.map(({ name, node, id }) => [name, node, id.slice(0, 12)]),
        ]),
  ];
  return parts.join('\n\n');
}
