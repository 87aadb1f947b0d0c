/** `warrenctl topology`: nodes, containers and networks as a drawing. */

import { networkEndpoints } from '../../lib/api/network-endpoint.ts';
import { networks } from '../../lib/api/network.ts';
import { nodePeers } from '../../lib/api/node-peer.ts';
import { CtlError } from '../../lib/ctl/ctl-error.ts';
import { dotText, mermaidText } from '../../lib/ctl/topology-graph.ts';
import { type Topology, topologyOf, withAtMost } from '../../lib/ctl/topology.ts';
import { drawLab } from '../../lib/lab/picture.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { clusterFlags, withCluster } from './cluster.ts';
import { commandOf, print } from './command.ts';
import { findNetwork, listObjects } from './objects.ts';
import { PROGRAM } from './program.ts';

const OUTPUTS = ['dot', 'mermaid'] as const;
/** More than this in one box is no drawing any more. */
const MOST_CONTAINERS = 12;
const WIDTH = 100;

export const topologyCommand = commandOf({
  command: 'topology',
  describe: 'Draw nodes, containers and the networks between them',
  builder: (argv) =>
    clusterFlags(argv)
      .option('output', { alias: 'o', choices: OUTPUTS, describe: 'For Graphviz or Mermaid instead of the terminal' })
      .option('network', { type: 'string', requiresArg: true, describe: 'Only this network and who is on it' }),
  handler: (args) =>
    withCluster(args, async ({ client }) => {
      const topology = topologyOf(await readCluster(client, args.network));
      if (args.output === 'dot') print(dotText(topology));
      else if (args.output === 'mermaid') print(mermaidText(topology));
      else print(drawn(topology));
    }),
});

async function readCluster(client: KubeClient, only: string | undefined) {
  const chosen = only === undefined ? undefined : (await findNetwork(client, only)).object.metadata.name;
  const [allNetworks, allEndpoints, peers] = await Promise.all([
    listObjects(client, networks),
    listObjects(client, networkEndpoints, {
      fieldSelector: chosen === undefined ? undefined : `spec.network=${chosen}`,
    }),
    listObjects(client, nodePeers),
  ]);
  const isChosen = ({ metadata }: { readonly metadata: { readonly name: string } }): boolean =>
    chosen === undefined || metadata.name === chosen;
  return { networks: allNetworks.filter(isChosen), endpoints: allEndpoints, peers };
}

function drawn(topology: Topology): string {
  if (topology.nodes.length === 0)
    throw new CtlError('there are no nodes to draw', `is the controller running? see "${PROGRAM} doctor"`);
  const { nodes, networks: segments } = withAtMost(topology, MOST_CONTAINERS);
  return drawLab(nodes, segments, process.stdout.isTTY ? Math.max(60, process.stdout.columns) : WIDTH);
}
