/** `warrenctl network create`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { addressPools } from '../../lib/api/address-pool.ts';
import { type Network, networks } from '../../lib/api/network.ts';
import { CtlError, usageError } from '../../lib/ctl/ctl-error.ts';
import { type NetworkBody, networkFromFlags } from '../../lib/ctl/network-flags.ts';
import { conditionOf } from '../../lib/ctl/object-column.ts';
import { subnetsOf } from '../../lib/ctl/network-inspect.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { hasReason } from '../../lib/kube/error.ts';
import { typeOf } from '../../lib/kube/object.ts';
import { family } from '../../lib/net/address.ts';
import { withCluster } from './cluster.ts';
import { clusterCommandOf, print, progress } from './command.ts';
import { listObjects, objectName, wholeOf } from './objects.ts';
import { documentText, objectText } from './output.ts';
import { PROGRAM } from './program.ts';
import { withProgress } from './terminal.ts';
import type { Argv } from 'yargs';
import type { ClusterFlags } from './cluster.ts';

const HELP = `see: ${PROGRAM} network create --help`;
const OUTPUTS = ['json', 'yaml', 'name'] as const;
type Output = (typeof OUTPUTS)[number];
/** How long the controller may take before a person is told what is missing. */
const ALLOCATION_MS = 15_000;
const POLL_MS = 100;

const list = { type: 'string', array: true, nargs: 1, default: [] as string[] } as const;
const flag = { type: 'boolean', default: false } as const;

const flags = (argv: Argv<ClusterFlags>) =>
  argv
    .positional('name', { type: 'string', demandOption: true, describe: 'Lower-case letters, digits and "-"' })
    .option('subnet', { ...list, describe: 'Subnet in CIDR form; several, of both families. None: from the pools' })
    .option('gateway', { ...list, describe: 'Gateway of the subnet that it lies in' })
    .option('ip-range', { ...list, describe: 'Give addresses from this part of the subnet' })
    .option('aux-address', { ...list, describe: 'Address that is never given, NAME=ADDRESS' })
    .option('opt', { ...list, alias: 'o', describe: 'encrypted, com.docker.network.driver.mtu=…, …' })
    .option('internal', { ...flag, describe: 'No way out of the network' })
    .option('attachable', { ...flag, describe: 'Pods without a controller may join' })
    .option('ingress', { ...flag, describe: "The cluster's ingress network" })
    .option('ipv6', { ...flag, describe: 'Insist on an IPv6 subnet' })
    .option('label', { ...list, describe: 'Label, KEY=VALUE' })
    .option('driver', { alias: 'd', type: 'string', default: 'overlay', requiresArg: true, describe: 'Always overlay' })
    .option('scope', { type: 'string', requiresArg: true, describe: 'Always the cluster, which docker calls swarm' })
    .option('output', { choices: OUTPUTS, describe: 'Print the object; -o yaml does too' })
    .option('dry-run', { ...flag, describe: 'Print the object instead of creating it' })
    .option('wait', { type: 'boolean', default: true, describe: 'Wait for subnet and VNI' });

export const createCommand = clusterCommandOf({
  command: 'create <name>',
  describe: `Create a network: ${PROGRAM} network create blue [--subnet 10.20.0.0/24]...`,
  builder: flags,
  handler: async (args) => {
    // docker's -o is --opt, kubectl's is --output: the values tell them apart.
    const short = args.opt.filter(isOutput).at(-1);
    const output = args.output ?? short;
    const body = networkFromFlags({ ...args, opt: args.opt.filter((option) => !isOutput(option)) });
    if (!body.ok) throw usageError(body.error, HELP);
    if (args.dryRun) {
      printDryRun(body.value, output ?? 'yaml');
      return;
    }
    await withCluster(args, async ({ client }) => {
      if (args.ipv6) await requireIpv6(client, body.value);
      await create(client, body.value);
      const created = args.wait ? await allocated(client, body.value.metadata.name) : undefined;
      await report(client, body.value.metadata.name, created, output);
    });
  },
});

const isOutput = (text: string): text is Output => OUTPUTS.some((output) => output === text);

function printDryRun(body: NetworkBody, output: Output): void {
  if (output === 'name') print(objectName(networks, body.metadata.name));
  else print(documentText({ ...typeOf(networks), ...body }, output));
}

async function requireIpv6(client: KubeClient, body: NetworkBody): Promise<void> {
  if (body.spec.subnets !== undefined) return;
  const pools = await listObjects(client, addressPools);
  if (pools.some(({ spec }) => spec.purpose === 'network' && family(spec.cidr) === 6)) return;
  throw new CtlError(
    '--ipv6: there is no IPv6 pool to take a subnet from',
    `add one with "${PROGRAM} pool add fd00:10::/48 --prefix-length 64", or name a --subnet`,
  );
}

async function create(client: KubeClient, body: NetworkBody): Promise<void> {
  try {
    await client.create(wholeOf(networks), body);
  } catch (error) {
    if (!hasReason(error, 'AlreadyExists')) throw error;
    const { name } = body.metadata;
    throw new CtlError(
      `network ${name} exists already`,
      `see it with "${PROGRAM} network inspect ${name}", or choose another name`,
    );
  }
}

/** Resolves when the controller has decided; throws CtlError with its reason when it cannot. */
async function allocated(client: KubeClient, name: string): Promise<Network> {
  const deadline = performance.now() + ALLOCATION_MS;
  return withProgress(`waiting for the subnet and VNI of ${name}`, async () => {
    for (;;) {
      const network = await client.get(networks, name);
      const ready = conditionOf(network.status.conditions, 'Ready');
      const isDecided = network.status.observedGeneration === network.metadata.generation;
      if (ready?.status === 'True' && isDecided) return network;
      if (ready?.status === 'False' && isDecided) {
        const next = `it stays and becomes ready when the cause is gone; or remove it with "${PROGRAM} network rm ${name}"`;
        throw new CtlError(`network ${name} was created but is not ready: ${ready.message}`, next);
      }
      if (performance.now() > deadline) {
        throw new CtlError(
          `network ${name} was created, but nobody has given it a subnet for ${ALLOCATION_MS / 1000} s`,
          `is the controller running? see "${PROGRAM} doctor"`,
        );
      }
      await sleep(POLL_MS);
    }
  });
}

async function report(
  client: KubeClient,
  name: string,
  network: Network | undefined,
  output: Output | undefined,
): Promise<void> {
  if (output === 'json' || output === 'yaml') {
    print(objectText(await client.get(wholeOf(networks), name), output));
    return;
  }
  if (output === 'name') {
    print(objectName(networks, name));
    return;
  }
  print(`${objectName(networks, name)} created`);
  if (network === undefined) return;
  const subnets = subnetsOf(network).map((subnet) => subnet.cidr);
  progress(`subnet ${subnets.join(', ')}, VNI ${network.status.vni ?? '-'}`);
}
