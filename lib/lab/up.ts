/** Brings a lab up, or what is missing of it: every step looks first whether it is done. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ADMIN, CONTROLLER, makeAccounts, makeCertificate, writeKubeconfig } from './access.ts';
import { agentDaemon, API_SERVER, awaitDaemon, startDaemon } from './daemons.ts';
import { removeLab } from './down.ts';
import { makeFabric } from './fabric.ts';
import { type Lab, labOf, requireRoot } from './lab.ts';
import { LabError, type Progress } from './lab-error.ts';
import { withLabLock } from './lab-lock.ts';
import { bootId, type LabState, makeLabFolders, readLabState, requireUsableDir, writeLabState } from './lab-state.ts';
import { freePort } from './free-port.ts';
import { type LabLayout, labLayout } from './layout.ts';
import { mountsBelow, parseMountinfo } from './mountinfo.ts';
import { makeNamespaceFolders } from './namespaces.ts';
import { makeNode } from './node.ts';
import { findPrograms } from './programs.ts';
import { prepareCluster } from './register.ts';
import { FABRIC_V4, type LabOptions, labNodes } from './topology.ts';

/** Returns when every agent serves ADDs. Throws LabError; what is there then stays, for a person to look at and `down` to remove. */
export async function labUp(dir: string, options: LabOptions, progress: Progress): Promise<Lab> {
  requireRoot();
  findPrograms();
  const layout = labLayout(dir);
  await requireUsableDir(layout);
  return withLabLock(layout, async () => {
    const state = await stateFor(layout, options, progress);
    const lab = await labOf(layout, state);
    await startDaemon(lab, API_SERVER);
    await awaitDaemon(lab, API_SERVER);
    progress(`API server on 127.0.0.1:${state.apiPort}`);
    await prepareCluster(lab);
    await startDaemon(lab, CONTROLLER);
    await Promise.all(lab.nodes.map((node) => startDaemon(lab, agentDaemon(node.name))));
    await awaitDaemon(lab, CONTROLLER);
    await Promise.all(lab.nodes.map((node) => awaitDaemon(lab, agentDaemon(node.name))));
    progress(`controller and ${lab.nodes.length} agents ready`);
    return lab;
  });
}

/** The lab's state, its namespaces made when they are not all there. */
async function stateFor(layout: LabLayout, options: LabOptions, progress: Progress): Promise<LabState> {
  const known = await readLabState(layout);
  if (known?.built === true && known.bootId === (await bootId()) && (await hasNamespaces(layout, known.options))) {
    requireSameOptions(layout, known.options, options);
    return known;
  }
  if (known) {
    progress('removing what is left of an earlier lab');
    await removeLab(layout);
  }
  return build(layout, options, progress);
}

async function hasNamespaces(layout: LabLayout, options: LabOptions): Promise<boolean> {
  const mounts = parseMountinfo(await readFile('/proc/self/mountinfo', 'utf8'));
  const namespaces = mountsBelow(mounts, layout.dir).filter((mount) => mount.type === 'nsfs');
  return namespaces.length === 1 + 2 * options.nodes;
}

async function build(layout: LabLayout, options: LabOptions, progress: Progress): Promise<LabState> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const state = {
    version: 1,
    id: randomUUID(),
    bootId: await bootId(),
    options,
    apiPort: await freePort(),
    ...(assets === undefined || assets === '' ? {} : { assets: resolve(assets) }),
  } as const;
  // First of all, so that whatever happens from here on is known for a lab's, and `down` removes it.
  await writeLabState(layout, { ...state, built: false });
  await makeLabFolders(layout);
  await makeNamespaceFolders(layout.netnsDir, layout.mountDir);
  await makeFabric(layout, options);
  for (const node of labNodes(options)) await makeNode(layout, options, node);
  await makeAccess(layout, state);
  await writeLabState(layout, { ...state, built: true });
  progress(`${options.nodes} nodes on a fabric with MTU ${options.underlayMtu}, IPv${options.underlayFamily} underlay`);
  return { ...state, built: true };
}

/** People reach the API server over the machine's loopback, everything in the lab over the fabric. */
async function makeAccess(layout: LabLayout, { options, apiPort }: Omit<LabState, 'built'>): Promise<void> {
  const accounts = await makeAccounts(
    layout,
    labNodes(options).map((node) => node.name),
  );
  const certificate = await makeCertificate(layout);
  for (const account of accounts) {
    const host = account.name === ADMIN ? '127.0.0.1' : FABRIC_V4;
    await writeKubeconfig(layout, account, `https://${host}:${apiPort}`, certificate);
  }
}

function requireSameOptions(layout: LabLayout, present: LabOptions, wanted: LabOptions): void {
  const differs = (Object.keys(wanted) as (keyof LabOptions)[]).filter((key) => present[key] !== wanted[key]);
  if (differs.length === 0) return;
  const text = differs.map((key) => `${key} ${present[key]}, not ${wanted[key]}`).join('; ');
  throw new LabError(
    `the lab in ${layout.dir} is up with ${text}`,
    'remove it first with: warrenctl lab down; or name another folder with --dir',
  );
}
