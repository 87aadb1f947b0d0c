/** `warrenctl network prune`. */
import { type Network, networks } from '../../lib/api/network.ts';
import { usageError } from '../../lib/ctl/ctl-error.ts';
import { pruneFilter } from '../../lib/ctl/network-filter.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { withCluster } from './cluster.ts';
import { clusterCommandOf, print, progress } from './command.ts';
import { networksInUse } from './network-ls.ts';
import { listObjects, objectName } from './objects.ts';
import { PROGRAM } from './program.ts';
import { confirm } from './terminal.ts';
import { networksAskedFor } from './workloads.ts';

export const pruneCommand = clusterCommandOf({
  command: 'prune',
  describe: 'Remove all networks that have no endpoint and that no workload names',
  builder: (argv) =>
    argv
      .option('force', { alias: 'f', type: 'boolean', default: false, describe: 'Do not ask' })
      .option('filter', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'until=24h, label=, label!=',
      })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only say what would go' }),
  handler: (args) =>
    withCluster(args, async ({ client }) => {
      const unused = await unusedNetworks(client, args.filter);
      if (unused.length === 0) {
        progress('no network is unused');
        return;
      }
      const names = unused.map(({ metadata }) => metadata.name).join(', ');
      if (args.dryRun) {
        print(`would delete ${names}`);
        return;
      }
      if (!args.force && !(await confirm(`This deletes ${names}. Go on?`))) {
        progress('nothing was deleted');
        return;
      }
      for (const { metadata } of unused)
        if (await client.delete(networks, metadata.name, { uid: metadata.uid }))
          print(`${objectName(networks, metadata.name)} deleted`);
    }),
});

/** A Deployment scaled to zero still needs its network; so does every published port the ingress network. */
async function unusedNetworks(client: KubeClient, filters: readonly string[]): Promise<readonly Network[]> {
  const [inUse, askedFor] = await Promise.all([networksInUse(client), networksAskedFor(client)]);
  const isUnused = ({ metadata, spec }: Network): boolean =>
    !inUse.has(metadata.name) && !askedFor.has(metadata.name) && !spec.ingress;
  const filter = pruneFilter(filters, { isUnused, now: new Date() });
  if (!filter.ok) throw usageError(filter.error, `see: ${PROGRAM} network prune --help`);
  const all = await listObjects(client, networks);
  return all.filter((network) => isUnused(network) && filter.value(network));
}
