/** What `doctor --node` looks at on the node that it runs on. */
import { existsSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import * as z from 'zod';
import { CONFLIST_FILE, PLUGIN_NAME, shadowingConf } from '../../lib/agent/install.ts';
import { CNI_VERSION_NEWEST } from '../../lib/api/cni.ts';
import type { NodePeer } from '../../lib/api/node-peer.ts';
import {
  agentFindings,
  type AgentSeen,
  driftFindings,
  kernelFeatureFindings,
  pluginFindings,
  type PluginSeen,
  reachFindings,
  underlayFindings,
} from '../../lib/ctl/doctor-node.ts';
import { CtlError } from '../../lib/ctl/ctl-error.ts';
import { didYouMean } from '../../lib/ctl/near-names.ts';
import { type Finding, findingsOf, failure, skipped } from '../../lib/ctl/finding.ts';
import { findUnderlay } from '../../lib/kernel/underlay.ts';
import { parseJson } from '../../lib/kube/error.ts';
import { runCommand } from '../../lib/lab/command.ts';
import { family } from '../../lib/net/address.ts';
import type { NetworkState } from './doctor-cluster.ts';
import { findDrift, type NodePlaces } from './doctor-drift.ts';
import { tryKernel } from './doctor-kernel.ts';
import { reachPeers } from './doctor-reach.ts';

/** As the agent's flags have them. */
export interface NodeFlags extends NodePlaces {
  readonly healthAddress: string;
  readonly cniBinDir: string;
  readonly cniConfDir: string;
}

export async function nodeFindings(
  flags: NodeFlags,
  state: NetworkState,
  again: () => Promise<NetworkState>,
): Promise<readonly Finding[]> {
  const peers = state.peers.items;
  const peer = peers.find(({ metadata }) => metadata.name === flags.nodeName);
  if (peer === undefined) {
    const names = peers.map(({ metadata }) => metadata.name);
    throw new CtlError(
      `there is no node "${flags.nodeName}"`,
      didYouMean(flags.nodeName, names, 'name this node with --node NAME'),
    );
  }
  const unprivileged = await unprivilegedFindings(flags);
  if (process.geteuid?.() !== 0)
    return [...unprivileged, skipped('kernel', 'only root may look at it', 'run this as root, e.g. with sudo')];
  return [
    ...unprivileged,
    ...kernelFeatureFindings(await tryKernel()),
    ...(await tunnelFindings(flags, peer, peers)),
    ...(await drift(flags, again)),
  ];
}

const unprivilegedFindings = async (flags: NodeFlags): Promise<readonly Finding[]> => [
  ...agentFindings(await askAgent(flags.healthAddress)),
  ...pluginFindings(await askPlugin(flags)),
];

async function askAgent(address: string): Promise<AgentSeen> {
  const { promise, resolve } = Promise.withResolvers<AgentSeen['answer']>();
  const request = http.get(`http://${address}/readyz`, { timeout: 5000 }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
  });
  request.on('timeout', () => request.destroy());
  request.on('error', () => resolve(undefined));
  return { address, answer: await promise };
}

const versionSchema = z.object({ supportedVersions: z.array(z.string()) });

async function askPlugin({ cniBinDir, cniConfDir }: NodeFlags): Promise<PluginSeen> {
  const path = join(cniBinDir, PLUGIN_NAME);
  const env = { ...process.env, CNI_COMMAND: 'VERSION' };
  const input = JSON.stringify({ cniVersion: CNI_VERSION_NEWEST });
  const done = await runCommand([path], { env, input, timeout: 5000 }).catch(() => undefined);
  const answer = versionSchema.safeParse(parseJson(done?.stdout ?? ''));
  return {
    path,
    versions: answer.success ? answer.data.supportedVersions : undefined,
    confDir: cniConfDir,
    isConfigured: existsSync(join(cniConfDir, CONFLIST_FILE)),
    shadowedBy: await shadowingConf(cniConfDir).catch(() => undefined),
  };
}

async function tunnelFindings(
  { nodeName, icc }: NodeFlags,
  peer: NodePeer,
  peers: readonly NodePeer[],
): Promise<readonly Finding[]> {
  const [vtep] = peer.status.vteps;
  const device = vtep === undefined ? undefined : await findUnderlay(vtep);
  const underlay = underlayFindings({ vtep, device, reportedMtu: peer.status.underlayMTU });
  if (vtep === undefined || device === undefined) return underlay;
  if (!icc)
    return [...underlay, skipped('reach', 'without the pod network (--icc=false) nodes have no address to try', '')];
  const mtu = device.mtu - (family(vtep) === 4 ? 50 : 70);
  return [...underlay, ...reachFindings(await reachPeers(peers, nodeName, mtu))];
}

async function drift(places: NodePlaces, state: () => Promise<NetworkState>): Promise<readonly Finding[]> {
  const found = await findDrift(places, state);
  if (found !== undefined) return driftFindings(found.seen, found.objects);
  const problem = failure(
    `${places.stateDir} has no record of an agent`,
    'start the agent, or name its folder with --state-dir',
  );
  return findingsOf('drift', [problem], '');
}
