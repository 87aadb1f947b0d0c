/** `warrenctl pool`: the prefixes from which networks and nodes get their subnets. */
import { type AddressPool, addressPools } from '../../lib/api/address-pool.ts';
import { CtlError, usageError } from '../../lib/ctl/ctl-error.ts';
import { didYouMean } from '../../lib/ctl/near-names.ts';
import { poolColumns } from '../../lib/ctl/object-column.ts';
import { poolFromFlags } from '../../lib/ctl/pool-flags.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { hasReason } from '../../lib/kube/error.ts';
import { withCluster } from './cluster.ts';
import { clusterCommandOf, clusterGroup, print, progress } from './command.ts';
import { listFlags, runList } from './list.ts';
import { listObjects, objectName, wholeOf } from './objects.ts';
import type { ListView } from './output.ts';
import { PROGRAM } from './program.ts';

const view: ListView<AddressPool> = {
  resource: addressPools,
  columns: poolColumns,
  none: `No pools found. Add one with: ${PROGRAM} pool add 10.20.0.0/16 --prefix-length 24`,
};

const ls = clusterCommandOf({
  command: ['ls', 'list'],
  describe: 'List pools, and how full they are',
  builder: (argv) => listFlags(argv),
  handler: (args) =>
    withCluster(args, (cluster) =>
      runList(cluster, view, { output: args.output, watch: args.watch, labelSelector: args.selector }),
    ),
});

const add = clusterCommandOf({
  command: 'add <cidr>',
  describe: `Add a pool: ${PROGRAM} pool add 10.20.0.0/16 --prefix-length 24`,
  builder: (argv) =>
    argv
      .positional('cidr', { type: 'string', demandOption: true, describe: 'The prefix to cut, such as 10.20.0.0/16' })
      .option('prefix-length', { type: 'number', describe: 'Of each subnet; default 24, of IPv6 64' })
      .option('purpose', {
        choices: ['network', 'gateway'] as const,
        default: 'network' as const,
        describe: "Subnets for networks, or for the nodes' gateway bridges",
      })
      .option('name', { type: 'string', requiresArg: true, describe: 'Default: made from the prefix' }),
  handler: async (args) => {
    const body = poolFromFlags(args);
    if (!body.ok) throw usageError(body.error, `see: ${PROGRAM} pool add --help`);
    const { name } = body.value.metadata;
    await withCluster(args, async ({ client }) => {
      try {
        await client.create(wholeOf(addressPools), body.value);
      } catch (error) {
        if (!hasReason(error, 'AlreadyExists')) throw error;
        throw new CtlError(`pool ${name} exists already`, `see it with "${PROGRAM} pool ls", or choose another --name`);
      }
      print(`${objectName(addressPools, name)} created`);
    });
  },
});

const rm = clusterCommandOf({
  command: ['rm <pools..>', 'remove'],
  describe: 'Remove pools; subnets in use stay with their holders',
  builder: (argv) => argv.positional('pools', { type: 'string', array: true, demandOption: true, describe: 'Names' }),
  handler: (args) =>
    withCluster(args, async ({ client }) => {
      for (const name of args.pools) {
        const used = await usedOf(client, name);
        await client.delete(addressPools, name);
        print(`${objectName(addressPools, name)} deleted`);
        if (used > 0)
          progress(`${used} of its subnets are in use: they stay with their holders, and no new ones are given`);
      }
    }),
});

/** How many of its subnets are in use; throws CtlError for a pool that is not there. */
async function usedOf(client: KubeClient, name: string): Promise<number> {
  try {
    const { status } = await client.get(addressPools, name);
    return status.used ?? 0;
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
    const names = (await listObjects(client, addressPools)).map(({ metadata }) => metadata.name);
    throw new CtlError(`there is no pool "${name}"`, didYouMean(name, names, `see "${PROGRAM} pool ls"`));
  }
}

export const poolCommand = clusterGroup('pool', 'Address pools: ls, add, rm', [ls, add, rm]);
