// Peers are distributed after ADD has answered. What a test says about the data path, above all that something does not arrive, means
// something only once the nodes know each other: these words wait for that.
import { isDeepStrictEqual } from 'node:util';
import type { Container } from '../../lib/lab/container.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import type { PictureNetwork } from '../../lib/lab/picture.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { peerEntries, vtepOf, wantedEntries } from './network-kernel.ts';
import { at, nodePlace } from './traffic.ts';

/** How soon is not the matter here: nothing but a fault takes this long. */
const PATIENCE_MS = 30_000;

/** Every node lets in the tunnels of all others, and has the way to their pods: eth0 of any two pods can speak. */
export async function nodesMeet(lab: Lab): Promise<void> {
  await eventually(async () => {
    for (const { name } of lab.nodes) await meetsAll(lab, name);
  }, PATIENCE_MS);
}

/** Throws what is missing. */
async function meetsAll(lab: Lab, node: string): Promise<void> {
  const look = async (...argv: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await at(lab, nodePlace(lab, node), argv);
    if (status !== 0) throw new Error(`${node}: ${argv.join(' ')}: ${stderr}`);
    return stdout;
  };
  await look('ip', 'link', 'show', 'warren-gw');
  const heard = await look('nft', 'list', 'table', 'inet', 'warren');
  const tunnels = await look('bridge', 'fdb', 'show', 'dev', 'warren-pod');
  for (const { name } of lab.nodes) {
    const vtep = vtepOf(lab, name);
    if (!heard.split(/[\s,]+/).includes(vtep)) throw new Error(`${node} does not let in ${vtep} of ${name}`);
    if (name !== node && !tunnels.split(/\s+/).includes(vtep)) throw new Error(`${node} has no tunnel to ${name}`);
  }
  for (const what of ['route', 'neigh']) {
    const lines = (await look('ip', '-oneline', what, 'show', 'dev', 'warren-pod')).split('\n');
    const ways = lines.filter((line) => / proto 87 | PERMANENT/.test(line)).length;
    if (ways !== lab.nodes.length - 1) throw new Error(`${node} has a ${what} to ${ways} nodes`);
  }
}

/**
 * Every node that these containers are on knows all of them on the network, and nobody else: they are all that is attached to it.
 * Then each reaches each.
 */
export async function knowEachOther(
  lab: Lab,
  { name, vni }: PictureNetwork,
  containers: readonly Container[],
): Promise<void> {
  const nodes = [...new Set(containers.map(({ record }) => record.node))];
  await eventually(async () => {
    for (const node of nodes) {
      const wanted = wantedEntries(lab, node, name, containers);
      const seen = await peerEntries(lab, node, vni);
      if (!isDeepStrictEqual(seen, wanted))
        throw new Error(`${name} on ${node}:\n${seen.join('\n')}\nis to be:\n${wanted.join('\n')}`);
    }
  }, PATIENCE_MS);
}
