/** The driver as the agent opens it, on the namespaces of `fresh-netns.ts`. */
import { NETNS_DIR, run } from './fresh-netns.ts';
import type { Test } from 'tap';
import type { KernelObject, NetnsRef } from '../../lib/dataplane/object.ts';
import type { Applied, Op } from '../../lib/dataplane/op.ts';
import { plan } from '../../lib/dataplane/plan.ts';
import { type KernelOptions, type LinuxKernel, openKernel } from '../../lib/kernel/linux.ts';
import { createNftDriver } from '../../lib/kernel/nft/driver.ts';

/** When the test ends, what is ours in the host's namespace and in those that we own is removed, and the driver closed. */
export async function openTestKernel(t: Test, options: Partial<KernelOptions> = {}): Promise<LinuxKernel> {
  const kernel = await openKernel({ netnsDir: NETNS_DIR, nft: createNftDriver(), ...options });
  t.teardown(async () => {
    await kernel.apply(plan([], await observeAll(kernel, ['host', ...(await kernel.listNetns())])));
    await kernel.close();
  });
  return kernel;
}

export const creations = (objects: readonly KernelObject[]): Op[] =>
  objects.map((object) => ({ kind: 'create', object }));

/** The messages of what failed. */
export const failures = ({ failed }: Applied): string[] => failed.map(({ error }) => error.message);

/** Brings the namespaces from what they hold to `desired`: the messages of what failed. */
export async function converge(
  kernel: LinuxKernel,
  desired: readonly KernelObject[],
  namespaces: readonly NetnsRef[],
): Promise<string[]> {
  return failures(await kernel.apply(plan(desired, await observeAll(kernel, namespaces))));
}

export async function observeAll(kernel: LinuxKernel, namespaces: readonly NetnsRef[]): Promise<KernelObject[]> {
  const found: KernelObject[] = [];
  for (const netns of namespaces) found.push(...(await kernel.observe(netns)));
  return found;
}

/** Runs a command inside a namespace: its standard output. */
export const runIn = (netns: NetnsRef, ...command: readonly string[]): string =>
  run('nsenter', `--net=${netns}`, ...command);
