/** Everything that an agent is told at its start. */
import { join } from 'node:path';
import { type IpAddress, parseIp } from '../net/address.ts';

export interface AgentConfig {
  readonly nodeName: string;
  /** Undefined: the Node's InternalIPs tell. */
  readonly nodeIp: IpAddress | undefined;
  /** Where the plugin reaches us. */
  readonly socketPath: string;
  /** Journal, queue of DELs and lock: must survive an agent's restart. */
  readonly stateDir: string;
  readonly queueDir: string;
  /** Where our namespaces are: `/run/netns`. */
  readonly netnsDir: `/${string}`;
  /** The plugin's executable, to be installed; undefined: install nothing. */
  readonly plugin: string | undefined;
  readonly cniBinDir: string;
  readonly cniConfDir: string;
  /** Pods of one gateway bridge reach each other (and, routed, those of other nodes). */
  readonly icc: boolean;
}

/** UDP port of encrypted networks' tunnels, inside ESP. */
export const ENCRYPTED_VXLAN_PORT = 4788;

/** As the command line has them. */
export interface AgentFlags {
  readonly nodeName: string;
  readonly nodeIp?: string | undefined;
  readonly socket: string;
  readonly stateDir: string;
  readonly netnsDir: string;
  readonly plugin?: string | undefined;
  readonly cniBinDir: string;
  readonly cniConfDir: string;
  readonly icc: boolean;
}

/** Throws an Error that names the flag. */
export function configFromFlags(flags: AgentFlags): AgentConfig {
  const nodeIp = flags.nodeIp === undefined ? undefined : parseIp(flags.nodeIp);
  if (nodeIp !== undefined && !nodeIp.ok) throw new Error(`--node-ip: ${nodeIp.error}`);
  const stateDir = absolute('state-dir', flags.stateDir);
  return {
    nodeName: flags.nodeName,
    nodeIp: nodeIp?.value,
    socketPath: absolute('socket', flags.socket),
    stateDir,
    queueDir: join(stateDir, 'queue'),
    netnsDir: absolute('netns-dir', flags.netnsDir),
    plugin: flags.plugin,
    cniBinDir: absolute('cni-bin-dir', flags.cniBinDir),
    cniConfDir: absolute('cni-conf-dir', flags.cniConfDir),
    icc: flags.icc,
  };
}

function absolute(flag: string, path: string): `/${string}` {
  if (path.startsWith('/')) return path as `/${string}`;
  throw new Error(`--${flag} is "${path}": it must be an absolute path`);
}
