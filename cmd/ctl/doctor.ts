/** `warrenctl doctor`: what is wrong, and what to do about it. From the API alone, and with `--node` on the node that it runs on. */
import { hostname } from 'node:os';
import type { Argv } from 'yargs';
import { usageError } from '../../lib/ctl/ctl-error.ts';
import { type Finding, findingsText, skipped, summaryText } from '../../lib/ctl/finding.ts';
import { clusterFlags, type ClusterFlags, withCluster } from './cluster.ts';
import { commandOf, print } from './command.ts';
import { clusterFindings, readNetworkState } from './doctor-cluster.ts';
import { runTrial, TRIAL_FLAG } from './doctor-kernel.ts';
import { nodeFindings, type NodeFlags } from './doctor-node.ts';
import { documentText } from './output.ts';
import { PROGRAM } from './program.ts';
import { paint, withProgress } from './terminal.ts';

const flags = (argv: Argv) =>
  clusterFlags(argv)
    .option('node', {
      type: 'string',
      describe: 'Look at this machine too, as the node of this name (default: hostname)',
    })
    .option('output', { alias: 'o', choices: ['json', 'yaml'] as const, describe: 'Print the findings as a list' })
    .option('state-dir', {
      type: 'string',
      default: '/var/lib/warren',
      describe: "With --node: the agent's --state-dir",
    })
    .option('netns-dir', { type: 'string', default: '/run/netns', describe: "With --node: the agent's --netns-dir" })
    .option('icc', { type: 'boolean', default: true, describe: "With --node: the agent's --icc" })
    .option('health-address', { type: 'string', default: '127.0.0.1:9651', describe: "With --node: the agent's" })
    .option('cni-bin-dir', { type: 'string', default: '/opt/cni/bin', describe: "With --node: the agent's" })
    .option('cni-conf-dir', { type: 'string', default: '/etc/cni/net.d', describe: "With --node: the agent's" })
    .option(TRIAL_FLAG, { type: 'boolean', default: false, hidden: true })
    .epilogue('The exit status is 1 when there is a failure. Nothing in the cluster or on the node is changed.');

export const doctorCommand = commandOf({
  command: 'doctor',
  describe: 'Check versions, clocks, nodes, networks, and with --node the kernel and tunnels of this node',
  builder: flags,
  handler: async (args) => {
    if (args.kernelTrial) return runTrial();
    const findings = await withProgress('examining the cluster', () => examine(args));
    if (args.output !== undefined) print(documentText([...findings], args.output));
    else {
      print(findingsText(findings, paint));
      print(summaryText(findings));
    }
    if (findings.some(({ level }) => level === 'failure')) process.exitCode = 1;
  },
});

interface DoctorFlags extends ClusterFlags, Omit<NodeFlags, 'nodeName' | 'netnsDir'> {
  readonly node?: string | undefined;
  readonly netnsDir: string;
}

const examine = (args: DoctorFlags): Promise<readonly Finding[]> =>
  withCluster(args, async (cluster) => {
    const inCluster = await clusterFindings(cluster);
    const read = () => readNetworkState(cluster.client);
    const onNode =
      args.node === undefined
        ? [
            skipped(
              'each node',
              'kernel, tunnels and drift are seen on a node alone',
              `run there: ${PROGRAM} doctor --node`,
            ),
          ]
        : await nodeFindings(placesOf(args, args.node), await read(), read);
    return [...inCluster, ...onNode].map((finding) => ({
      ...finding,
      remedy: finding.remedy.replaceAll('warrenctl ', `${PROGRAM} `),
    }));
  });

function placesOf(args: DoctorFlags, node: string): NodeFlags {
  const { netnsDir } = args;
  if (!isAbsolute(netnsDir)) throw usageError(`--netns-dir is "${netnsDir}"`, 'write an absolute path');
  const { stateDir, icc, healthAddress, cniBinDir, cniConfDir } = args;
  const nodeName = node === '' ? hostname() : node;
  return { nodeName, netnsDir, stateDir, icc, healthAddress, cniBinDir, cniConfDir };
}

const isAbsolute = (path: string): path is `/${string}` => path.startsWith('/');
