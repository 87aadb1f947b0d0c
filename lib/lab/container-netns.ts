/** A container's network namespace: made on its node as container runtimes make it, a file in /run/netns that holds it open. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { commandOutput, runCommand } from './command.ts';
import type { ContainerRecord } from './container-record.ts';
import type { Lab } from './lab.ts';
import { mountsBelow, parseMountinfo } from './mountinfo.ts';
import { onNode } from './node.ts';
import { findProcesses } from './process-scan.ts';
import { forgetProcess, killProcess, startProcess } from './process.ts';

/** Its file as it lies for us. */
const fileOf = (lab: Lab, { node, netns }: ContainerRecord): string =>
  join(lab.layout.node(node).run, 'netns', basename(netns));

/** With `lo` up. */
export async function makeContainerNetns(lab: Lab, record: ContainerRecord): Promise<void> {
  await mkdir(join(lab.layout.node(record.node).run, 'netns'), { recursive: true });
  await writeFile(fileOf(lab, record), '');
  const argv = ['unshare', `--net=${record.netns}`, '--', 'ip', 'link', 'set', 'lo', 'up'];
  await commandOutput(onNode(lab.layout, record.node, argv), { env: lab.env });
}

/** The argument list that runs `argv` in the container: its own network, its node's files. */
export const inContainer = (lab: Lab, record: ContainerRecord, argv: readonly string[]): readonly string[] =>
  onNode(lab.layout, record.node, ['nsenter', `--net=${record.netns}`, '--', ...argv]);

/** In the background, its output in the lab's log folder. */
export const startInContainer = (lab: Lab, record: ContainerRecord, argv: readonly string[]): Promise<unknown> =>
  startProcess(lab.layout, { name: processName(record), argv: inContainer(lab, record, argv), env: lab.env });

const processName = ({ name }: ContainerRecord): string => `container-${name}`;

/** As /proc/PID/ns/net shows it; undefined when it is gone. */
async function namespaceOf(lab: Lab, record: ContainerRecord): Promise<string | undefined> {
  const done = await runCommand(onNode(lab.layout, record.node, ['cat', '/proc/self/mountinfo']));
  return mountsBelow(parseMountinfo(done.stdout), record.netns)[0]?.root;
}

/** Ends what runs in the container. */
export async function endContainerProcesses(lab: Lab, record: ContainerRecord): Promise<void> {
  const namespace = await namespaceOf(lab, record);
  const found = namespace === undefined ? [] : await findProcesses([namespace], undefined);
  for (const process of found) await killProcess(process);
  await forgetProcess(lab.layout, processName(record));
}

/** One that is gone already is fine. */
export async function removeContainerNetns(lab: Lab, record: ContainerRecord): Promise<void> {
  if ((await namespaceOf(lab, record)) !== undefined)
    await commandOutput(onNode(lab.layout, record.node, ['umount', '--lazy', '--', record.netns]));
  await rm(fileOf(lab, record), { force: true });
}
