/** Where everything of one lab lies: all below one folder, so that two labs in two folders share nothing. */
import { join, resolve } from 'node:path';

export interface NodeLayout {
  /** Persistent namespaces: bind mounts of /proc/PID/ns/…, held by no process. */
  readonly net: string;
  readonly mount: string;
  /** Folders that the node sees at the paths of a real node. */
  readonly run: string;
  readonly state: string;
  readonly cniState: string;
  readonly cniConf: string;
  readonly cniBin: string;
}

export interface LabLayout {
  readonly dir: string;
  /** Written last by `up`'s first step and removed last by `down`: its presence makes the folder a lab. */
  readonly lab: string;
  /** Own mounts: network namespaces propagate their unmounting, mount namespaces may not propagate at all. */
  readonly netnsDir: string;
  readonly mountDir: string;
  readonly fabric: string;
  readonly api: string;
  readonly snapshot: string;
  readonly tokens: string;
  readonly certificate: string;
  readonly kubeconfigs: string;
  readonly logs: string;
  readonly pids: string;
  readonly containers: string;
  node(name: string): NodeLayout;
  kubeconfig(user: string): string;
  log(process: string): string;
}

export function labLayout(folder: string): LabLayout {
  const dir = resolve(folder);
  const netnsDir = join(dir, 'ns', 'net');
  const mountDir = join(dir, 'ns', 'mnt');
  const at = (...parts: string[]): string => join(dir, ...parts);
  return {
    dir,
    netnsDir,
    mountDir,
    lab: at('lab.json'),
    fabric: join(netnsDir, 'fabric'),
    api: at('api'),
    snapshot: at('api', 'snapshot.json'),
    tokens: at('api', 'tokens.json'),
    certificate: at('api', 'certificate.json'),
    kubeconfigs: at('kubeconfig'),
    logs: at('log'),
    pids: at('pid'),
    containers: at('containers'),
    node: (name) => ({
      net: join(netnsDir, name),
      mount: join(mountDir, name),
      run: at('nodes', name, 'run'),
      state: at('nodes', name, 'var-lib-warren'),
      cniState: at('nodes', name, 'var-lib-cni'),
      cniConf: at('nodes', name, 'etc-cni-net.d'),
      cniBin: at('nodes', name, 'opt-cni-bin'),
    }),
    kubeconfig: (user) => at('kubeconfig', `${user}.yaml`),
    log: (process) => at('log', `${process}.log`),
  };
}

/** Paths of a node at which it sees folders of its own instead of the machine's. */
export const MOUNT_POINTS = ['/var/lib/warren', '/var/lib/cni', '/etc/cni/net.d', '/opt/cni/bin', '/run'] as const;

/** Folder in the lab's directory, and the path at which the node sees it. */
export function nodeMounts(node: NodeLayout): readonly (readonly [source: string, target: string])[] {
  const [state, cniState, cniConf, cniBin, run] = MOUNT_POINTS;
  return [
    [node.state, state],
    [node.cniState, cniState],
    [node.cniConf, cniConf],
    [node.cniBin, cniBin],
    [node.run, run],
  ];
}
