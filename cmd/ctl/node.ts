/** `warrenctl node`: how the nodes reach each other. */
import { type NodePeer, nodePeers } from '../../lib/api/node-peer.ts';
import { nodeColumns } from '../../lib/ctl/object-column.ts';
import { withCluster } from './cluster.ts';
import { clusterCommandOf, clusterGroup } from './command.ts';
import { listFlags, runList } from './list.ts';
import type { ListView } from './output.ts';
import { PROGRAM } from './program.ts';

const view: ListView<NodePeer> = {
  resource: nodePeers,
  columns: nodeColumns,
  none: `No nodes found. The controller makes a NodePeer for each Node; see: ${PROGRAM} doctor`,
};

const ls = clusterCommandOf({
  command: ['ls', 'list'],
  describe: 'List nodes: tunnel addresses, MTU, gateway subnets, state',
  builder: (argv) => listFlags(argv),
  handler: (args) =>
    withCluster(args, (cluster) =>
      runList(cluster, view, { output: args.output, watch: args.watch, labelSelector: args.selector }),
    ),
});

export const nodeCommand = clusterGroup('node', 'Nodes: ls', [ls]);
