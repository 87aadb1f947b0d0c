/** A lab that exists: its layout, its state, and how to reach its nodes and its API server. */
import { readFile } from 'node:fs/promises';
import { type ApiClient, apiClient } from './api-client.ts';
import { ADMIN, readAccounts, readCertificate } from './access.ts';
import type { CniHost } from './cni-runtime.ts';
import { LabError } from './lab-error.ts';
import { bootId, type LabState, readLabState } from './lab-state.ts';
import { type LabLayout, labLayout } from './layout.ts';
import { inside } from './namespaces.ts';
import { onNode } from './node.ts';
import { LAB_MARK } from './process.ts';
import { type LabNode, labNodes } from './topology.ts';

/** Root's alone, and visible on every node (unlike /run). */
export const DEFAULT_DIR = '/var/lib/warren-lab';

export interface Lab {
  readonly layout: LabLayout;
  readonly state: LabState;
  readonly nodes: readonly LabNode[];
  /** As cluster admin. */
  readonly api: ApiClient;
  /** The environment of everything that runs in the lab: ours, and the lab's mark. */
  readonly env: NodeJS.ProcessEnv;
}

export function requireRoot(): void {
  if (process.geteuid?.() !== 0)
    throw new LabError(
      'the lab makes namespaces and devices: it needs root',
      'run the same command as root, e.g. with sudo',
    );
}

/** Throws LabError when there is no lab in `dir`, or only what a reboot left of one. */
export async function openLab(dir: string): Promise<Lab> {
  const { layout, state } = await openState(dir);
  return labOf(layout, state);
}

/** The same without a connection to its API server. */
export async function openState(dir: string): Promise<Pick<Lab, 'layout' | 'state'>> {
  requireRoot();
  const layout = labLayout(dir);
  const state = await readLabState(layout);
  const next = `start one with: warrenctl lab up${layout.dir === DEFAULT_DIR ? '' : ` --dir ${layout.dir}`}`;
  if (state === undefined) throw new LabError(`there is no lab in ${layout.dir}`, next);
  if (state.bootId !== (await bootId()))
    throw new LabError(`the lab in ${layout.dir} ended with the machine's last boot`, next);
  return { layout, state };
}

export async function labOf(layout: LabLayout, state: LabState): Promise<Lab> {
  const token = (await readAccounts(layout)).find(({ name }) => name === ADMIN)?.token ?? '';
  const { cert } = await readCertificate(layout);
  return {
    layout,
    state,
    nodes: labNodes(state.options),
    api: apiClient({ server: `https://127.0.0.1:${state.apiPort}`, token, ca: cert }),
    env: { ...process.env, [LAB_MARK]: state.id },
  };
}

export function findNode(lab: Lab, name: string): LabNode {
  const node = lab.nodes.find((each) => each.name === name);
  if (node) return node;
  throw new LabError(
    `there is no node "${name}"`,
    `nodes of this lab: ${lab.nodes.map((each) => each.name).join(', ')}`,
  );
}

/** The node as its container runtime sees it. */
export function cniHost(lab: Lab, node: string): CniHost {
  const { cniConf, cniState } = lab.layout.node(node);
  return {
    run: (argv) => onNode(lab.layout, node, argv),
    confDir: cniConf,
    cacheDir: cniState,
    binDir: '/opt/cni/bin',
  };
}

/** The argument list that runs `argv` on the fabric, outside of all nodes. */
export const onFabric = (layout: LabLayout, argv: readonly string[]): readonly string[] =>
  inside({ net: layout.fabric }, argv);

export const readKubeconfig = (lab: Lab): Promise<string> => readFile(lab.layout.kubeconfig(ADMIN), 'utf8');
