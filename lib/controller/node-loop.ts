/** Brings one node's NodePeer to where it should be. */
import { type Node, nodes } from '../api/core.ts';
import { type NodePeer, nodePeers } from '../api/node-peer.ts';
import { hasReason } from '../kube/error.ts';
import type { Prefix } from '../net/address.ts';
import type { Problem } from './claim.ts';
import { createClaims, otherHolder, releaseClaim } from './claim-writer.ts';
import type { Context } from './context.ts';
import { isGone } from './is-gone.ts';
import { type NodeFacts, type NodeOp, planNode } from './node-plan.ts';
import { reliablePart } from './recorded.ts';
import { podPrefixes } from './taken.ts';

const MAX_ROUNDS = 100;

/** Throws ApiError when something is left to do; safe to call again at any time. */
export async function reconcileNode(context: Context, name: string): Promise<void> {
  const node = context.view.nodes.get(name);
  let peer = context.view.peers.get(name);
  if (!node) return removeOrphan(context, peer);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const recorded = peer ? await reliableSubnets(context, node, peer) : [];
    const next = await applyOps(context, node, peer, planNode(factsOf(context, node, peer, recorded)));
    if (next === 'done') return;
    peer = next;
  }
  throw new Error(`Node "${name}": no end after ${MAX_ROUNDS} rounds`);
}

/** Kubernetes' own garbage collector does the same, a little later. */
async function removeOrphan({ client, logger }: Context, peer: NodePeer | undefined): Promise<void> {
  if (!peer?.metadata.ownerReferences?.some((owner) => owner.kind === 'Node')) return;
  const { name, uid } = peer.metadata;
  if (!(await isGone(client, nodes, name))) return;
  if (await client.delete(nodePeers, name, { uid })) logger.info({ node: name }, 'node peer removed with its node');
}

/** Those that Kubernetes assigned have no claim. */
async function reliableSubnets(context: Context, node: Node, peer: NodePeer): Promise<readonly Prefix[]> {
  const assigned = podPrefixes(node);
  const subnets = peer.spec.gatewaySubnets.filter((subnet) => !assigned.includes(subnet));
  const reliable = await reliablePart(context, { subnets, vni: undefined }, peer.metadata.uid);
  return peer.spec.gatewaySubnets.filter((subnet) => assigned.includes(subnet) || reliable.subnets.includes(subnet));
}

function factsOf(context: Context, node: Node, peer: NodePeer | undefined, recorded: readonly Prefix[]): NodeFacts {
  const { view } = context;
  const uid = peer?.metadata.uid ?? '';
  return {
    node,
    peer,
    recorded,
    podCIDRs: podPrefixes(node),
    isAssignedByKubernetes: view.nodes.list().some((other) => podPrefixes(other).length > 0),
    claims: peer ? view.claims.heldBy(uid) : [],
    pools: view.poolsFor('gateway'),
    taken: view.taken.subnets,
    otherHolder: (claimName) => otherHolder(context, claimName, uid),
  };
}

/** The peer as it is now when the plan has to be made again. */
async function applyOps(
  context: Context,
  node: Node,
  peer: NodePeer | undefined,
  ops: readonly NodeOp[],
): Promise<NodePeer | 'done'> {
  if (!peer) return ops.length === 0 ? 'done' : createPeer(context, node);
  const { name, uid } = peer.metadata;
  const claims = ops.flatMap((op) => (op.kind === 'claim' ? [op.claim] : []));
  if (claims.length > 0) {
    await createClaims(context, claims, { kind: 'NodePeer', name, uid });
    return peer;
  }
  for (const op of ops) {
    if (op.kind === 'adopt-peer') return adoptPeer(context, node, peer);
    if (op.kind === 'write-subnets') await writeSubnets(context, peer, op.subnets);
    if (op.kind === 'release') await releaseClaim(context, op.claim);
    if (op.kind === 'report') report(context, node, op.problem);
  }
  return 'done';
}

/** So that the NodePeer goes with its Node. */
const ownersOf = ({ apiVersion, kind, metadata: { name, uid } }: Node) => [{ apiVersion, kind, name, uid }];

async function createPeer({ client, logger }: Context, node: Node): Promise<NodePeer> {
  const { name } = node.metadata;
  try {
    const peer = await client.create(nodePeers, { metadata: { name, ownerReferences: ownersOf(node) }, spec: {} });
    logger.info({ node: name }, 'node peer created');
    return peer;
  } catch (error) {
    if (hasReason(error, 'AlreadyExists')) return client.get(nodePeers, name);
    throw error;
  }
}

function adoptPeer({ client, logger }: Context, node: Node, { metadata }: NodePeer): Promise<NodePeer> {
  const { name, resourceVersion } = metadata;
  logger.info({ node: name }, 'node peer given to the node that came back');
  return client.patch(nodePeers, name, { metadata: { resourceVersion, ownerReferences: ownersOf(node) } });
}

async function writeSubnets(context: Context, { metadata }: NodePeer, subnets: readonly Prefix[]): Promise<void> {
  const { name, resourceVersion } = metadata;
  const patch = { metadata: { resourceVersion }, spec: { gatewaySubnets: subnets } };
  await context.client.patch(nodePeers, name, patch);
  context.logger.info({ node: name, subnets }, 'gateway subnets assigned');
}

function report({ recorder, logger }: Context, { apiVersion, kind, metadata }: Node, problem: Problem): void {
  const { name, uid } = metadata;
  recorder.record({ apiVersion, kind, name, uid }, { type: 'Warning', ...problem });
  logger.warn({ node: name, ...problem }, 'node has no gateway subnet');
}
