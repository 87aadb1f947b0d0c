/** `warrenctl network connect|disconnect`: the annotation on a workload's pod template. */
import type { Argv } from 'yargs';
import { networks } from '../../lib/api/network.ts';
import { ANNOTATION_NETWORKS } from '../../lib/api/pod-networks.ts';
import { addNetwork, type Edited, removeNetwork } from '../../lib/ctl/annotation-edit.ts';
import { CtlError, usageError } from '../../lib/ctl/ctl-error.ts';
import { didYouMean } from '../../lib/ctl/near-names.ts';
import {
  annotationPatch,
  parseWorkload,
  templateAnnotation,
  type Workload,
  type WorkloadName,
  workloadText,
} from '../../lib/ctl/workload.ts';
import { hasReason } from '../../lib/kube/error.ts';
import type { Result } from '../../lib/net/result.ts';
import { type Cluster, type ClusterFlags, withCluster } from './cluster.ts';
import { clusterCommandOf, print } from './command.ts';
import { findNetwork } from './objects.ts';
import { PROGRAM } from './program.ts';

const list = { type: 'string', array: true, nargs: 1, default: [] as string[] } as const;

const common = (argv: Argv<ClusterFlags>) =>
  argv
    .positional('network', { type: 'string', demandOption: true })
    .positional('workload', { type: 'string', demandOption: true, describe: 'KIND/NAME such as deployment/web' })
    .option('namespace', { alias: 'n', type: 'string', requiresArg: true, describe: "Default: the context's" });

const connect = clusterCommandOf({
  command: 'connect <network> <workload>',
  describe: `Put the pods of a workload on a network: ${PROGRAM} network connect blue deployment/web`,
  builder: (argv) =>
    common(argv)
      .option('ip', { ...list, describe: 'A fixed address, for a workload of one pod' })
      .option('ip6', { ...list, describe: 'A fixed IPv6 address' })
      .option('alias', { ...list, describe: 'One more name on the network' })
      .option('interface', {
        type: 'string',
        requiresArg: true,
        describe: 'Its name in the pods; default net1, net2, …',
      })
      .option('mac-address', { type: 'string', requiresArg: true, describe: 'A fixed MAC address' }),
  handler: (args) =>
    withCluster(args, async (cluster) => {
      const { object } = await findNetwork(cluster.client, args.network);
      const network = object.metadata.name;
      const workload = workloadOf(args.workload);
      if (workload.kind.template.length === 0 && !object.spec.attachable) throw notAttachable(network, workload);
      const ips = [...args.ip, ...args.ip6];
      const request = { network, interface: args.interface, ips, mac: args.macAddress, aliases: args.alias };
      const edited = await edit(cluster, args.namespace, workload, (text) => addNetwork(text, request));
      print(`${workloadText(workload)} connected to ${network} as ${edited.interfaces.join(', ')}`);
      print(`  ${workload.kind.effect}`);
    }),
});

const disconnect = clusterCommandOf({
  command: 'disconnect <network> <workload>',
  describe: 'Take the pods of a workload off a network',
  builder: (argv) =>
    common(argv).option('force', {
      alias: 'f',
      type: 'boolean',
      default: false,
      describe: 'Also from a network that is no longer there',
    }),
  handler: (args) =>
    withCluster(args, async (cluster) => {
      const found = args.force ? undefined : await findNetwork(cluster.client, args.network);
      const network = found?.object.metadata.name ?? args.network;
      const workload = workloadOf(args.workload);
      await edit(cluster, args.namespace, workload, (text) => removeNetwork(text, network));
      print(`${workloadText(workload)} disconnected from ${network}`);
      print(`  ${workload.kind.effect}`);
    }),
});

export const connectCommands = [connect, disconnect];

function workloadOf(text: string): WorkloadName {
  const workload = parseWorkload(text);
  if (workload.ok) return workload.value;
  throw usageError(workload.error, `see: ${PROGRAM} network connect --help`);
}

const notAttachable = (network: string, workload: WorkloadName): CtlError =>
  new CtlError(
    `${workloadText(workload)}: a pod without a controller may not join ${network}, which is not attachable`,
    `allow it with: kubectl patch ${networks.plural} ${network} --type merge -p '{"spec":{"attachable":true}}'`,
  );

const ATTEMPTS = 4;

/** Reads, edits, writes; again when somebody else wrote in between. */
async function edit(
  cluster: Cluster,
  flag: string | undefined,
  name: WorkloadName,
  change: (text: string | undefined) => Result<Edited>,
): Promise<Edited> {
  const namespace = flag ?? cluster.namespace;
  const { resource, immutable } = name.kind;
  if (immutable !== undefined) throw new CtlError(`${workloadText(name)}: ${immutable}`, '');
  for (let attempt = 1; ; attempt++) {
    const workload = await getWorkload(cluster, namespace, name);
    refuseOwned(workload, name);
    const edited = change(templateAnnotation(workload, name.kind, ANNOTATION_NETWORKS));
    if (!edited.ok) throw new CtlError(`${workloadText(name)} in ${namespace}: ${edited.error}`, '');
    const patch = annotationPatch(workload, name.kind, ANNOTATION_NETWORKS, edited.value.text);
    try {
      await cluster.client.patch(resource, name.name, patch, { namespace });
      return edited.value;
    } catch (error) {
      if (!hasReason(error, 'Conflict') || attempt === ATTEMPTS) throw error;
    }
  }
}

async function getWorkload({ client }: Cluster, namespace: string, name: WorkloadName): Promise<Workload> {
  try {
    return await client.get(name.kind.resource, name.name, { namespace });
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
    const { items } = await client.list(name.kind.resource, { namespace });
    const names = items.map((one) => one.metadata.name);
    const next = didYouMean(name.name, names, 'name its namespace with -n');
    throw new CtlError(`there is no ${workloadText(name)} in namespace ${namespace}`, next);
  }
}

/** Its controller would undo the change, or never see it. */
function refuseOwned({ metadata }: Workload, name: WorkloadName): void {
  const owner = metadata.ownerReferences?.find((one) => one.controller === true);
  if (owner === undefined) return;
  const next = `name that one instead: ${owner.kind.toLowerCase()}/${owner.name}`;
  throw new CtlError(`${workloadText(name)} belongs to ${owner.kind} ${owner.name}`, next);
}
