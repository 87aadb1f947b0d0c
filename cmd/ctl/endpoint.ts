/** `warrenctl endpoint`: who is on which network, on which node, under which address. */
import { type NetworkEndpoint, networkEndpoints } from '../../lib/api/network-endpoint.ts';
import { endpointColumns } from '../../lib/ctl/object-column.ts';
import { withCluster } from './cluster.ts';
import { clusterCommandOf, clusterGroup } from './command.ts';
import { listFlags, runList } from './list.ts';
import { findNetwork } from './objects.ts';
import type { ListView } from './output.ts';
import { PROGRAM } from './program.ts';

const view: ListView<NetworkEndpoint> = {
  resource: networkEndpoints,
  columns: endpointColumns,
  none: `No endpoints found. A pod gets one by its annotation; see: ${PROGRAM} network connect --help`,
};

const ls = clusterCommandOf({
  command: ['ls', 'list'],
  describe: 'List endpoints: the interfaces of containers on networks',
  builder: (argv) =>
    listFlags(argv)
      .option('network', { type: 'string', requiresArg: true, describe: 'Only those of this network' })
      .option('node', { type: 'string', requiresArg: true, describe: 'Only those on this node' })
      .option('pod', { type: 'string', requiresArg: true, describe: 'Only those of this pod, NAME or NAMESPACE/NAME' }),
  handler: (args) =>
    withCluster(args, async (cluster) => {
      const network = args.network === undefined ? undefined : await findNetwork(cluster.client, args.network);
      const fields = [
        ...(network === undefined ? [] : [`spec.network=${network.object.metadata.name}`]),
        ...(args.node === undefined ? [] : [`spec.nodeName=${args.node}`]),
      ];
      await runList(cluster, view, {
        output: args.output,
        watch: args.watch,
        labelSelector: args.selector,
        fieldSelector: fields.length === 0 ? undefined : fields.join(','),
        keep: (endpoint) => args.pod === undefined || isOf(endpoint, args.pod),
      });
    }),
});

const isOf = ({ spec: { pod } }: NetworkEndpoint, name: string): boolean =>
  pod !== undefined && (pod.name === name || `${pod.namespace}/${pod.name}` === name);

export const endpointCommand = clusterGroup('endpoint', 'Endpoints of containers: ls', [ls]);
