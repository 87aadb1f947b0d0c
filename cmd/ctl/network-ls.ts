/** `warrenctl network ls`. */
import { networkEndpoints } from '../../lib/api/network-endpoint.ts';
import { type Network, networks } from '../../lib/api/network.ts';
import { usageError } from '../../lib/ctl/ctl-error.ts';
import { type ListFormat, parseListFormat } from '../../lib/ctl/list-format.ts';
import { networkFields, networkHeaders } from '../../lib/ctl/network-fields.ts';
import { lsFilter } from '../../lib/ctl/network-filter.ts';
import { networkColumns } from '../../lib/ctl/object-column.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { withCluster } from './cluster.ts';
import { clusterCommandOf, print } from './command.ts';
import { listFlags, runList } from './list.ts';
import { listObjects } from './objects.ts';
import type { ListView } from './output.ts';
import { PROGRAM } from './program.ts';

const HELP = `see: ${PROGRAM} network ls --help`;

export const networkView: ListView<Network> = {
  resource: networks,
  columns: networkColumns,
  none: `No networks found. Create one with: ${PROGRAM} network create blue`,
};

export const lsCommand = clusterCommandOf({
  command: ['ls', 'list'],
  describe: 'List networks',
  builder: (argv) =>
    listFlags(argv)
      .option('filter', {
        alias: 'f',
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'name=, id=, label=, driver=, scope=, type=, dangling=',
      })
      .option('format', {
        type: 'string',
        requiresArg: true,
        describe: "Go template such as '{{.Name}}', 'table {{.ID}}\\t{{.Name}}', or json",
      })
      .option('quiet', { alias: 'q', type: 'boolean', describe: 'Only the names, which other commands take' })
      .option('no-trunc', { type: 'boolean', default: false, describe: 'Whole ids in templates' })
      .conflicts('format', ['output', 'quiet', 'watch']),
  handler: async (args) => {
    const format = args.format === undefined ? undefined : formatOf(args.format);
    await withCluster(args, async (cluster) => {
      const keep = await filterOf(cluster.client, args.filter);
      if (format === undefined && args.quiet !== true) {
        const { output, watch, selector: labelSelector } = args;
        await runList(cluster, networkView, { output, watch, labelSelector, keep });
        return;
      }
      const all = await listObjects(cluster.client, networks, { labelSelector: args.selector });
      const found = all.filter(keep);
      const id = args.noTrunc ? 'whole' : 'short';
      const text =
        format === undefined
          ? found.map(({ metadata }) => metadata.name).join('\n')
          : format(found.map((network) => networkFields(network, new Date(), id)));
      if (text !== '') print(text);
    });
  },
});

function formatOf(text: string): ListFormat {
  const standard = '{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}';
  const format = parseListFormat(text, { standard, headers: networkHeaders });
  if (format.ok) return format.value;
  throw usageError(format.error, HELP);
}

async function filterOf(client: KubeClient, texts: readonly string[]): Promise<(network: Network) => boolean> {
  const asksForUse = texts.some((text) => text.startsWith('dangling='));
  const used = asksForUse ? await networksInUse(client) : new Set<string>();
  const filter = lsFilter(texts, { isUnused: ({ metadata }) => !used.has(metadata.name), now: new Date() });
  if (filter.ok) return filter.value;
  throw usageError(filter.error, HELP);
}

/** Those with an endpoint. */
export const networksInUse = async (client: KubeClient): Promise<ReadonlySet<string>> =>
  new Set((await listObjects(client, networkEndpoints)).map(({ spec }) => spec.network));
