/**
 * Namespaces that live without a process: each is a bind mount of /proc/PID/ns/… on a file (`unshare --net=FILE`), and
 * `nsenter` runs a program in it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { commandOutput } from './command.ts';

export interface Namespaces {
  readonly net: string;
  readonly mount?: string;
}

/** The argument list that runs `argv` inside. The working directory becomes `/` when a mount namespace is entered. */
export const inside = (namespaces: Namespaces, argv: readonly string[]): readonly string[] => [
  'nsenter',
  `--net=${namespaces.net}`,
  ...(namespaces.mount === undefined ? [] : [`--mount=${namespaces.mount}`]),
  '--',
  ...argv,
];

/**
 * Folders that can hold namespaces. A mount namespace can only be bound on a mount that propagates nowhere; network namespaces
 * are bound on one that does, so that unmounting them reaches service managers that copied our mounts.
 */
export async function makeNamespaceFolders(netnsDir: string, mountDir: string): Promise<void> {
  for (const [dir, propagation] of [
    [netnsDir, '--make-shared'],
    [mountDir, '--make-private'],
  ] as const) {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await commandOutput(['mount', '--bind', dir, dir]);
    await commandOutput(['mount', '--make-private', dir]);
    await commandOutput(['mount', propagation, dir]);
  }
}

/** Makes the namespaces and sets `lo` up. */
export async function makeNamespaces(namespaces: Namespaces): Promise<void> {
  await writeFile(namespaces.net, '');
  if (namespaces.mount !== undefined) await writeFile(namespaces.mount, '');
  const mount = namespaces.mount === undefined ? [] : [`--mount=${namespaces.mount}`, '--propagation', 'private'];
  await commandOutput(['unshare', `--net=${namespaces.net}`, ...mount, '--', 'ip', 'link', 'set', 'lo', 'up']);
}
