/** `make demo`: shows a person in under a minute what Warren does, and checks every claim that it prints. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import {
  attachContainers,
  drawPicture,
  lazyDevices,
  makeNetworks,
  pingsThatMustNot,
  pingsThatWork,
  removeContainers,
  sameAddressTwice,
} from './demo-scenes.ts';
import { createStage, type Stage } from './demo-stage.ts';
import { labDown } from './down.ts';
import { LabError } from './lab-error.ts';
import { downText } from './life-text.ts';
import { DEFAULT_OPTIONS } from './topology.ts';
import { labUp } from './up.ts';

/** Throws what went wrong, after it has cleaned up. `signal` ends it between two steps, and cleans up too. */
export async function runDemo(write: (line: string) => void, signal: AbortSignal): Promise<void> {
  const start = performance.now();
  const stage = createStage(write, signal);
  // Not in /tmp, which a node's programs may find to be another one; root's alone from the start.
  const dir = await mkdtemp(join('/var/tmp', 'warren-demo-'));
  write('Warren: three nodes on this machine, and two networks that have the same subnet');
  try {
    await play(dir, stage);
  } catch (error) {
    await labDown(dir).catch((second: unknown) => stage.show(`cannot clean up ${dir}: ${String(second)}`));
    throw error;
  }
  await stage.step('Remove the lab', () => tearDown(dir, stage));
  write('');
  write(`Done in ${((performance.now() - start) / 1000).toFixed(1)} s. A lab that stays: warrenctl lab up`);
}

async function play(dir: string, stage: Stage): Promise<void> {
  const lab = await stage.step('Bring up three nodes, the API server, the controller and an agent on each node', () =>
    labUp(dir, DEFAULT_OPTIONS, (line) => stage.show(line)),
  );
  await stage.step('Two networks: blue with a subnet from the pool, green with that same subnet for its own', () =>
    makeNetworks(lab, stage),
  );
  const cast = await stage.step('Containers on the three nodes', () => attachContainers(lab, stage));
  await stage.step('What there is now', () => drawPicture(lab, stage));
  await stage.step('Who is on the same network, reaches each other', () => pingsThatWork(lab, stage, cast));
  await stage.step('The same address on two networks is two containers', () => sameAddressTwice(lab, stage, cast));
  await stage.step('Who is on another network, is out of reach', () => pingsThatMustNot(lab, stage, cast));
  await stage.step('A network costs a node nothing until a container of it runs there', () => lazyDevices(lab, stage));
  await stage.step('Remove the containers', () => removeContainers(lab, stage));
}

async function tearDown(dir: string, stage: Stage): Promise<void> {
  const report = await labDown(dir);
  if (report === undefined) throw new LabError(`the lab in ${dir} went away by itself`, 'run the demo again');
  stage.show(downText(report, 'counts'));
  stage.claim(
    'no process, namespace, mount or file of the lab is left',
    report.left.length === 0,
    report.left.join(', '),
  );
}
