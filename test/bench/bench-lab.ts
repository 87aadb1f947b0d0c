// The lab that the benchmarks run in: a folder of its own, a network for them, and containers on it.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { createContainer, type Container } from '../../lib/lab/container.ts';
import { inContainer } from '../../lib/lab/container-netns.ts';
import { type Lab } from '../../lib/lab/lab.ts';
import { applyManifests } from '../../lib/lab/manifest.ts';
import { removeLab } from '../../lib/lab/down.ts';
import { labLayout } from '../../lib/lab/layout.ts';
import { DEFAULT_OPTIONS } from '../../lib/lab/topology.ts';
import { labUp } from '../../lib/lab/up.ts';
import { eventually } from '../../lib/lab/wait.ts';

export const NETWORK = 'bench';
/** Wide enough for a thousand peers. */
const SUBNET = '10.200.0.0/16';

const manifest = `
apiVersion: warren.dev/v1alpha1
kind: Network
metadata: { name: ${NETWORK} }
spec: { attachable: true, subnets: [{ cidr: ${SUBNET} }] }
`;

export interface BenchLab extends AsyncDisposable {
  readonly lab: Lab;
  /** Of the network. */
  readonly vni: number;
}

const networkSchema = z.object({ status: z.object({ vni: z.number() }) });

/** Up, with the network allocated. Disposing it removes all of it. */
export async function benchLab(): Promise<BenchLab> {
  await using cleanup = new AsyncDisposableStack();
  const dir = await mkdtemp('/var/lib/warren-bench-');
  cleanup.defer(() => rm(dir, { recursive: true, force: true }));
  cleanup.defer(async () => {
    await removeLab(labLayout(join(dir, 'lab')));
  });
  const lab = await labUp(join(dir, 'lab'), DEFAULT_OPTIONS, () => undefined);
  await applyManifests(lab.api, manifest, 'bench');
  const path = `/apis/warren.dev/v1alpha1/networks/${NETWORK}`;
  const network = await eventually(async () => networkSchema.parse(await lab.api.request(path)), 10_000);
  const owned = cleanup.move();
  return { lab, vni: network.status.vni, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export interface BenchContainer {
  readonly container: Container;
  /** Its address on the network, without the prefix length. */
  readonly address: string;
  /** The argument list that runs a program in it. */
  readonly inside: (argv: readonly string[]) => readonly string[];
}

/** A container on the network, until the lab goes. */
export async function runContainer(lab: Lab, name: string, node: string): Promise<BenchContainer> {
  const container = await createContainer(lab, { name, node, networks: NETWORK });
  const onNetwork = container.interfaces.find(({ network }) => network === NETWORK);
  const address = onNetwork?.addresses[0]?.replace(/\/.*/, '');
  if (address === undefined) throw new Error(`${name} has no address on ${NETWORK}`);
  return { container, address, inside: (argv) => inContainer(lab, container.record, argv) };
}
