/** What `doctor --node` saw on one node, and what that means. */
import { counted, failure, type Finding, findingsOf, type Problem, skipped, warning } from './finding.ts';

export interface AgentSeen {
  /** Undefined: nobody answers at its health address. */
  readonly answer: { readonly status: number; readonly text: string } | undefined;
  readonly address: string;
}

export function agentFindings({ answer, address }: AgentSeen): readonly Finding[] {
  const start = 'start it, or look at its log: kubectl -n warren-system get pods -o wide';
  if (answer === undefined)
    return findingsOf('agent', [failure(`no agent answers at ${address}: no pod can start here`, start)], '');
  const reasons = answer.text.trim().split('\n');
  const problems =
    answer.status === 200 ? [] : reasons.map((reason) => failure(`the agent is not ready: ${reason}`, start));
  return findingsOf('agent', problems, `ready at ${address}`);
}

export interface PluginSeen {
  readonly path: string;
  /** What it answers to CNI_COMMAND=VERSION; undefined: it cannot be run. */
  readonly versions: readonly string[] | undefined;
  readonly confDir: string;
  /** Ours is there. */
  readonly isConfigured: boolean;
  /** The file that the runtime takes instead of ours. */
  readonly shadowedBy: string | undefined;
}

export function pluginFindings(seen: PluginSeen): readonly Finding[] {
  const install = 'the agent installs it when it starts: restart the agent, and look at its log';
  const problems: Problem[] = [];
  if (seen.versions === undefined) problems.push(failure(`${seen.path} cannot be run`, install));
  if (!seen.isConfigured) problems.push(failure(`${seen.confDir} has no configuration of Warren's`, install));
  if (seen.shadowedBy !== undefined)
    problems.push(failure(`the runtime takes ${seen.confDir}/${seen.shadowedBy}, not ours`, 'remove that file'));
  return findingsOf('plugin', problems, `${seen.path} speaks CNI ${seen.versions?.at(-1) ?? ''}`);
}

/** What the kernel refused of a network made for the test. */
export interface RefusedObject {
  readonly object: string;
  readonly error: string;
}
export type KernelSeen =
  | {
      readonly kind: 'tried';
      readonly release: string;
      readonly objects: number;
      readonly refused: readonly RefusedObject[];
    }
  | { readonly kind: 'not tried'; readonly reason: string };

export function kernelFeatureFindings(seen: KernelSeen): readonly Finding[] {
  if (seen.kind === 'not tried') return [skipped('kernel', `its features could not be tried: ${seen.reason}`, '')];
  const remedy =
    'load the missing module (vxlan, bridge, veth, nf_tables, nft_meta_bridge), or upgrade to Linux 6.1 or later';
  const problems = seen.refused.map(({ object, error }) =>
    failure(`Linux ${seen.release} refuses ${object}: ${error}`, remedy),
  );
  return findingsOf('kernel', problems, `Linux ${seen.release} accepts all ${seen.objects} objects of a trial network`);
}

export interface UnderlaySeen {
  readonly vtep: string | undefined;
  /** The device that holds it. */
  readonly device: { readonly name: string; readonly mtu: number } | undefined;
  /** As the NodePeer says. */
  readonly reportedMtu: number | undefined;
}

export function underlayFindings({ vtep, device, reportedMtu }: UnderlaySeen): readonly Finding[] {
  if (vtep === undefined) return [skipped('underlay', 'the node has no tunnel address yet', 'start the agent first')];
  if (device === undefined) {
    const remedy = 'give the node that address again, or correct its InternalIP or the agent’s --node-ip';
    return findingsOf('underlay', [failure(`no device of this node has its tunnel address ${vtep}`, remedy)], '');
  }
  const problems =
    reportedMtu === undefined || reportedMtu === device.mtu
      ? []
      : [
          warning(
            `${device.name} has MTU ${device.mtu}, the agent reported ${reportedMtu}`,
            'look again in a minute; if it stays so, restart the agent',
          ),
        ];
  return findingsOf('underlay', problems, `${vtep} on ${device.name}, MTU ${device.mtu}`);
}

/** One packet there and back through the tunnel. */
export interface ReachSeen {
  readonly node: string;
  /** The other end inside the tunnel; undefined when the node has none yet. */
  readonly address: string | undefined;
  readonly vtep: string;
  readonly small: boolean;
  readonly full: boolean;
  /** Bytes of the full-sized packet. */
  readonly size: number;
}

export function reachFindings(seen: readonly ReachSeen[]): readonly Finding[] {
  const tried = seen.filter(({ address }) => address !== undefined);
  if (tried.length === 0) return [skipped('reach', 'there is no other node to reach over the pod network', '')];
  const problems = tried.flatMap(({ node, vtep, small, full, size }) => {
    if (!small)
      return [
        failure(
          `nothing comes back from node ${node} through the tunnel`,
          `let UDP 4789 pass between this node and ${vtep}, both ways; does the agent run there?`,
        ),
      ];
    if (!full)
      return [
        failure(
          `packets of ${size} bytes do not reach node ${node}, small ones do`,
          `the path to ${vtep} carries less than the underlay's MTU: raise it there, or lower it on the nodes`,
        ),
      ];
    return [];
  });
  return findingsOf(
    'reach',
    problems,
    `${counted(tried.length, 'other node')} answer through the tunnel, at full size`,
  );
}

/** A difference between what the API and the journal ask for and what the kernel holds. */
export interface DriftSeen {
  readonly place: string;
  readonly what: 'missing' | 'different' | 'left over';
  readonly object: string;
}
const SHOWN = 8;

export function driftFindings(seen: readonly DriftSeen[], objects: number): readonly Finding[] {
  const remedy = 'the agent repairs it within 30 s; if it stays, look at the agent’s log';
  const problems = seen
    .slice(0, SHOWN)
    .map(({ place, what, object }) => failure(`${what} in ${place}: ${object}`, remedy));
  const more = seen.length > SHOWN ? [failure(`and ${seen.length - SHOWN} more differences`, remedy)] : [];
  return findingsOf(
    'drift',
    [...problems, ...more],
    `all ${objects} objects that the API asks for are in the kernel, and no other`,
  );
}
