// A fresh lab for a test, gone with it, and the few words that tests about the data path are written in.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Test } from 'tap';
import { type Container, createContainer } from '../../lib/lab/container.ts';
import { daemonsOf } from '../../lib/lab/daemons.ts';
import { labDown } from '../../lib/lab/down.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { listNetworks } from '../../lib/lab/lab-view.ts';
import { applyManifests } from '../../lib/lab/manifest.ts';
import type { PictureNetwork } from '../../lib/lab/picture.ts';
import { logTail } from '../../lib/lab/process.ts';
import { DEFAULT_OPTIONS, type LabOptions } from '../../lib/lab/topology.ts';
import { labUp } from '../../lib/lab/up.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { nodesMeet } from './convergence.ts';

/** A new folder that goes away with the test, together with the lab that the test may have made in it. */
export async function labFolder(t: Test): Promise<string> {
  const dir = await mkdtemp(join('/var/tmp', 'warren-test-'));
  t.teardown(async () => {
    // A test that ran out of time may still be bringing the lab up.
    const report = await eventually(() => labDown(dir), 60_000);
    if (report !== undefined && report.left.length > 0) throw new Error(`left of the lab: ${report.left.join(', ')}`);
  });
  return dir;
}

/** Brings a lab up whose nodes know each other. When the test fails, the ends of the logs are shown. */
export async function withLab(t: Test, options: Partial<LabOptions> = {}): Promise<Lab> {
  const dir = await labFolder(t);
  const lab = await labUp(dir, { ...DEFAULT_OPTIONS, ...options }, () => undefined);
  t.teardown(async () => {
    if (!t.passing())
      for (const daemon of daemonsOf(lab)) t.comment(`${daemon}:\n${await logTail(lab.layout, daemon, 15)}`);
  });
  await nodesMeet(lab);
  return lab;
}

/** Applies a Network that any container may attach to; resolves when it has a subnet and a VNI. */
export async function network(
  lab: Lab,
  name: string,
  spec: Readonly<Record<string, unknown>> = {},
): Promise<PictureNetwork> {
  const object = {
    apiVersion: 'warren.dev/v1alpha1',
    kind: 'Network',
    metadata: { name },
    spec: { attachable: true, ...spec },
  };
  await applyManifests(lab.api, JSON.stringify(object), name);
  return eventually(async () => {
    const found = (await listNetworks(lab)).find((each) => each.name === name);
    if (found && found.subnet !== '' && found.vni !== 0) return found;
    throw new Error(`Network ${name} has no subnet and VNI`);
  }, 10_000);
}

/** `networks` in the comma or the JSON form of the annotation. */
export const run = (lab: Lab, name: string, node: string, networks?: string): Promise<Container> =>
  createContainer(lab, { name, node, ...(networks === undefined ? {} : { networks }) });

/** The address of one of a container's interfaces, without prefix length. */
export function addressOf({ record, interfaces }: Container, ifname = 'net1'): string {
  const address = interfaces.find(({ name }) => name === ifname)?.addresses[0];
  if (address === undefined) throw new Error(`${record.name} has no address on ${ifname}`);
  return address.replace(/\/.*/, '');
}

/** For what has to come, but no requirement says how soon: long, so that a busy machine gets there too. */
const PATIENCE_MS = 20_000;

/**
 * Looks until it is so, and for the last time not before `timeout` milliseconds are over, however long a look takes; returns what it
 * saw last, for the test to compare.
 */
export async function settles<T>(look: () => Promise<T>, wanted: T, timeout = PATIENCE_MS): Promise<T> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const begun = performance.now();
    const seen = await look();
    if (isDeepStrictEqual(seen, wanted) || begun > deadline) return seen;
    await sleep(20);
  }
}
