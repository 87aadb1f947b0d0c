/** `warrenctl network inspect`. */
import { pods } from '../../lib/api/core.ts';
import { LABEL_NETWORK } from '../../lib/api/meta.ts';
import { networkEndpoints } from '../../lib/api/network-endpoint.ts';
import { nodePeers } from '../../lib/api/node-peer.ts';
import { ANNOTATION_SERVICE_NETWORK, LABEL_SERVICE_PROXY, SERVICE_PROXY, services } from '../../lib/api/service.ts';
import { CtlError, usageError } from '../../lib/ctl/ctl-error.ts';
import { inspectDocument } from '../../lib/ctl/network-inspect.ts';
import { type ServiceView, serviceViews } from '../../lib/ctl/service-view.ts';
import { compileTemplate, type Template } from '../../lib/ctl/template.ts';
import { plainOf, type StructValue } from '../../lib/ctl/template-value.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { withCluster } from './cluster.ts';
import { clusterCommandOf, print, progress } from './command.ts';
import { findNetwork, listObjects } from './objects.ts';
import { documentText } from './output.ts';
import { PROGRAM } from './program.ts';

const HELP = `see: ${PROGRAM} network inspect --help`;

export const inspectCommand = clusterCommandOf({
  command: 'inspect <networks..>',
  describe: "Show networks in docker's form, with the containers of all nodes",
  builder: (argv) =>
    argv
      .positional('networks', { type: 'string', array: true, demandOption: true, describe: 'Names or ids' })
      .option('format', {
        alias: 'f',
        type: 'string',
        requiresArg: true,
        describe: "Go template, or json, such as '{{json .IPAM}}'",
      })
      .option('verbose', { alias: 'v', type: 'boolean', default: false, describe: 'Services with their tasks too' })
      .option('output', {
        alias: 'o',
        choices: ['json', 'yaml'] as const,
        default: 'json' as const,
        describe: 'How to print',
      }),
  handler: async (args) => {
    const format = args.format === undefined ? undefined : formatOf(args.format);
    await withCluster(args, async ({ client }) => {
      const { found, failed } = await inspectAll(client, args.networks, args.verbose ? 'with services' : 'plain');
      if (format !== undefined) for (const document of found) print(format(document));
      else print(documentText(found.map(plainOf), args.output));
      if (failed > 0) process.exitCode = 1;
    });
  },
});

function formatOf(text: string): Template {
  if (text === 'json') return (value) => JSON.stringify(plainOf(value));
  const template = compileTemplate(text);
  if (template.ok) return template.value;
  throw usageError(`--format: ${template.error}`, HELP);
}

type Detail = 'plain' | 'with services';

/** As docker: those that there are, and a word about each of the others. */
async function inspectAll(
  client: KubeClient,
  references: readonly string[],
  detail: Detail,
): Promise<{ readonly found: readonly StructValue[]; readonly failed: number }> {
  const found: StructValue[] = [];
  let failed = 0;
  for (const reference of references) {
    try {
      found.push(await inspectOne(client, reference, detail));
    } catch (error) {
      if (!(error instanceof CtlError)) throw error;
      progress(`${PROGRAM}: ${error.message}\n  ${error.next}`);
      failed++;
    }
  }
  return { found, failed };
}

async function inspectOne(client: KubeClient, reference: string, detail: Detail): Promise<StructValue> {
  const { object: network } = await findNetwork(client, reference);
  const { name } = network.metadata;
  const [endpoints, peers] = await Promise.all([
    listObjects(client, networkEndpoints, { labelSelector: `${LABEL_NETWORK}=${name}` }),
    listObjects(client, nodePeers),
  ]);
  const found = detail === 'plain' ? undefined : await servicesOf(client, name, { endpoints, peers });
  return inspectDocument({ network, endpoints, peers, services: found });
}

async function servicesOf(
  client: KubeClient,
  network: string,
  known: Pick<Parameters<typeof serviceViews>[0], 'endpoints' | 'peers'>,
): Promise<readonly ServiceView[]> {
  const ours = await listObjects(client, services, { labelSelector: `${LABEL_SERVICE_PROXY}=${SERVICE_PROXY}` });
  const here = ours.filter(({ metadata }) => metadata.annotations?.[ANNOTATION_SERVICE_NETWORK] === network);
  if (here.length === 0) return [];
  return serviceViews({ services: here, pods: await listObjects(client, pods), ...known });
}
