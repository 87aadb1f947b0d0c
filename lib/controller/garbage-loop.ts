/** Removes claims and endpoints that nobody owns any more. */
import { nodes, pods } from '../api/core.ts';
import type { NetworkClaim } from '../api/network-claim.ts';
import { networkEndpoints } from '../api/network-endpoint.ts';
import { networks } from '../api/network.ts';
import { nodePeers } from '../api/node-peer.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Informer } from '../kube/informer.ts';
import { releaseClaim } from './claim-writer.ts';
import type { Context } from './context.ts';
import { orphanedClaims, orphanedEndpoints, unusedEndpoints } from './garbage-plan.ts';
import { isGone } from './is-gone.ts';

/** Throws ApiError when something is left to do. */
export async function collectClaims(context: Context): Promise<void> {
  const { view, client } = context;
  const holders = { Network: uidsOf(view.networks), NodePeer: uidsOf(view.peers) };
  await eachOf(orphanedClaims(view.claims.all(), holders), async (claim) => {
    if (await isHolderGone(client, claim.holder)) await releaseClaim(context, claim);
  });
}

const uidsOf = (informer: Informer<{ readonly metadata: { readonly uid: string } }>): ReadonlySet<string> =>
  new Set(informer.list().map(({ metadata }) => metadata.uid));

function isHolderGone(client: KubeClient, { kind, name, uid }: NetworkClaim['spec']['holder']): Promise<boolean> {
  return kind === 'Network' ? isGone(client, networks, name, uid) : isGone(client, nodePeers, name, uid);
}

/** Endpoints of nodes that are gone: called again and again, it remembers since when it has missed a node. */
export function createEndpointCollector(context: Context, graceMs: number): () => Promise<void> {
  const { view, client, logger } = context;
  let missingSince: ReadonlyMap<string, number> = new Map();
  return async () => {
    const readable = view.nodes.list().map(({ metadata }) => metadata.name);
    const present = new Set([...readable, ...view.nodes.unreadable().map(({ name }) => name)]);
    const found = orphanedEndpoints(view.endpoints.list(), present, missingSince, { now: performance.now(), graceMs });
    missingSince = found.missingSince;
    for (const [node, endpoints] of Map.groupBy(found.expired, ({ spec }) => spec.nodeName)) {
      if (!(await isGone(client, nodes, node))) continue;
      await eachOf(endpoints, ({ metadata }) => client.delete(networkEndpoints, metadata.name, { uid: metadata.uid }));
      logger.info({ node, endpoints: endpoints.length }, 'endpoints of a node that is gone removed');
    }
  };
}

/**
 * Endpoints whose Pod is gone and that the agent of their node does not use: it lost its records, or was away when they went. What
 * it may use is its own to give back.
 */
export function createPodCollector({ view, client, logger }: Context, graceMs: number): () => Promise<void> {
  let unusedSince: ReadonlyMap<string, number> = new Map();
  return async () => {
    const now = performance.now();
    const unused = unusedEndpoints(view.endpoints.list(), view.peers.list(), unusedSince, now);
    unusedSince = new Map([...unused].map(([{ metadata }, since]) => [metadata.uid, since]));
    const expired = [...unused].filter(([, since]) => now - since >= graceMs).map(([endpoint]) => endpoint);
    await eachOf(expired, async ({ metadata, spec: { pod } }) => {
      if (!pod || !(await isGone(client, pods, pod.name, pod.uid, pod.namespace))) return;
      const { name, uid } = metadata;
      if (await client.delete(networkEndpoints, name, { uid }))
        logger.info({ endpoint: name, pod: `${pod.namespace}/${pod.name}` }, 'endpoint of a pod that is gone removed');
    });
  };
}

/** Requests under way at a time. */
const CONCURRENCY = 8;

/** Throws the first failure, after all that had begun has ended. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  const outcomes = await Promise.allSettled(Array.from({ length: CONCURRENCY }, worker));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
