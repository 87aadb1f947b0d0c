/** `warrenctl network rm`. */
import { LABEL_NETWORK } from '../../lib/api/meta.ts';
import { networkEndpoints } from '../../lib/api/network-endpoint.ts';
import { type Network, networks } from '../../lib/api/network.ts';
import { CtlError } from '../../lib/ctl/ctl-error.ts';
import { containerName } from '../../lib/ctl/network-inspect.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { withCluster } from './cluster.ts';
import { clusterCommandOf, print, progress } from './command.ts';
import { findNetwork, listObjects, objectName } from './objects.ts';
import { PROGRAM } from './program.ts';
import { confirm } from './terminal.ts';

export const rmCommand = clusterCommandOf({
  command: ['rm <networks..>', 'remove'],
  describe: 'Remove networks that nobody uses',
  builder: (argv) =>
    argv
      .positional('networks', { type: 'string', array: true, demandOption: true, describe: 'Names or ids' })
      .option('force', {
        alias: 'f',
        type: 'boolean',
        default: false,
        describe: 'A network that is not there is no error; ask nothing',
      }),
  handler: (args) =>
    withCluster(args, async ({ client }) => {
      for (const reference of args.networks) {
        try {
          await remove(client, reference, args.force ? 'forced' : 'asked');
        } catch (error) {
          if (!(error instanceof CtlError)) throw error;
          progress(`${PROGRAM}: ${error.message}\n  ${error.next}`);
          process.exitCode = 1;
        }
      }
    }),
});

async function remove(client: KubeClient, reference: string, how: 'forced' | 'asked'): Promise<void> {
  const network = await findUnlessForced(client, reference, how);
  if (network === undefined) return;
  const { name, uid } = network.metadata;
  if (network.spec.ingress && how === 'asked' && !(await confirmIngress(name))) return;
  await refuseInUse(client, name);
  await client.delete(networks, name, { uid });
  print(`${objectName(networks, name)} deleted`);
}

async function findUnlessForced(
  client: KubeClient,
  reference: string,
  how: 'forced' | 'asked',
): Promise<Network | undefined> {
  try {
    return (await findNetwork(client, reference)).object;
  } catch (error) {
    if (how === 'forced' && error instanceof CtlError) return undefined;
    throw error;
  }
}

const confirmIngress = (name: string): Promise<boolean> =>
  confirm(`${name} is the ingress network: published ports stop working until there is another. Remove it?`);

const NAMED = 3;

/** As docker does. The API server alone would keep the network until its last endpoint is gone, and then delete it. */
async function refuseInUse(client: KubeClient, name: string): Promise<void> {
  const endpoints = await listObjects(client, networkEndpoints, { labelSelector: `${LABEL_NETWORK}=${name}` });
  if (endpoints.length === 0) return;
  const named = endpoints.slice(0, NAMED).map((one) => `${containerName(one)} on ${one.spec.nodeName}`);
  const more = endpoints.length > NAMED ? ` and ${endpoints.length - NAMED} more` : '';
  throw new CtlError(
    `network ${name} is in use by ${named.join(', ')}${more}`,
    `remove those first, or let it go with the last of them: kubectl delete network ${name} --wait=false`,
  );
}
