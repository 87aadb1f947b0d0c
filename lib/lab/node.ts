/** One node: a network namespace on the fabric and a mount namespace in which every path is the one of a real node. */
import { mkdir } from 'node:fs/promises';
import { commandOutput, runCommand } from './command.ts';
import { plugNode } from './fabric.ts';
import { type LabLayout, MOUNT_POINTS, nodeMounts } from './layout.ts';
import { makeMountPoints } from './mount-points.ts';
import { parseMountinfo } from './mountinfo.ts';
import { inside, makeNamespaces, type Namespaces } from './namespaces.ts';
import type { LabNode, LabOptions } from './topology.ts';

export const nodeNamespaces = (layout: LabLayout, name: string): Required<Namespaces> => {
  const { net, mount } = layout.node(name);
  return { net, mount };
};

export async function makeNode(layout: LabLayout, options: LabOptions, node: LabNode): Promise<void> {
  const namespaces = nodeNamespaces(layout, node.name);
  await Promise.all(
    nodeMounts(layout.node(node.name)).map(([source]) => mkdir(source, { recursive: true, mode: 0o755 })),
  );
  await mkdir(`${layout.node(node.name).run}/netns`, { recursive: true });
  await makeNamespaces(namespaces);
  // Not before: from here on the mount namespace keeps another lab's end from removing them.
  await makeMountPoints(MOUNT_POINTS);
  await arrangeMounts(namespaces, nodeMounts(layout.node(node.name)));
  await plugNode(layout, options, node);
}

/**
 * Mounts the node's folders. First all namespaces that the machine has mounted are let go here: the copies of those mounts would
 * keep them alive after their owners removed them.
 */
async function arrangeMounts(
  namespaces: Required<Namespaces>,
  mounts: readonly (readonly [string, string])[],
): Promise<void> {
  const on = (argv: readonly string[]): Promise<string> =>
    commandOutput(['nsenter', `--mount=${namespaces.mount}`, '--', ...argv]);
  const inherited = parseMountinfo(await on(['cat', '/proc/self/mountinfo'])).filter((mount) => mount.type === 'nsfs');
  for (const { target } of inherited.toReversed()) await letGo(namespaces, target);
  for (const [source, target] of mounts) await on(['mount', '--bind', source, target]);
  // As on a real node: namespaces that the agent or a runtime mounts are seen by all, here by all of this node.
  await on(['mount', '--make-rshared', '/']);
}

/** A mount that another one hides cannot be named, hence not be unmounted: that is no reason to fail. */
const letGo = (namespaces: Required<Namespaces>, target: string): Promise<unknown> =>
  runCommand(['nsenter', `--mount=${namespaces.mount}`, '--', 'umount', '--lazy', '--', target]);

/** The argument list that runs `argv` on a node. */
export const onNode = (layout: LabLayout, name: string, argv: readonly string[]): readonly string[] =>
  inside(nodeNamespaces(layout, name), argv);
