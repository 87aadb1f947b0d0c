/** Brings one Network to where it should be. */
import { FINALIZER_IN_USE, LABEL_NETWORK } from '../api/meta.ts';
import { networkEndpoints } from '../api/network-endpoint.ts';
import { type Network, networks } from '../api/network.ts';
import { createClaims, otherHolder, releaseClaim } from './claim-writer.ts';
import type { Context } from './context.ts';
import { type NetworkFacts, type NetworkOp, planNetwork } from './network-plan.ts';
import type { StatusChange } from './network-status.ts';
import type { ReadableNetwork } from './readable-network.ts';
import { type Recorded, recordedIn, reliablePart } from './recorded.ts';

/** Each round either ends the work or takes one value that another controller was quicker to claim out of the running. */
const MAX_ROUNDS = 100;

/** Throws ApiError when something is left to do; safe to call again at any time. */
export async function reconcileNetwork(context: Context, name: string): Promise<void> {
  let network: ReadableNetwork | undefined = context.view.networks.get(name);
  for (let round = 0; network && round < MAX_ROUNDS; round++) {
    const recorded = await reliablePart(context, recordedIn(network), network.metadata.uid);
    const ops = planNetwork(factsOf(context, network, recorded));
    const next = await applyOps(context, network, ops);
    if (next === 'done') return;
    network = next;
  }
  if (network) throw new Error(`Network "${name}": no end after ${MAX_ROUNDS} rounds`);
}

function factsOf(context: Context, network: ReadableNetwork, recorded: Recorded): NetworkFacts {
  const { view, now } = context;
  const { uid, name } = network.metadata;
  return {
    network,
    recorded,
    claims: view.claims.heldBy(uid),
    pools: view.poolsFor('network'),
    taken: view.taken,
    otherHolder: (claimName) => otherHolder(context, claimName, uid),
    usage: view.usage.usageOf(name),
    overlap: view.neighbours.overlapOf(network),
    tunnelMtu: view.tunnelMtu(),
    now: now(),
  };
}

/** The Network as it is now when the plan has to be made again. */
async function applyOps(context: Context, network: Network, ops: readonly NetworkOp[]): Promise<Network | 'done'> {
  const { name, uid } = network.metadata;
  const claims = ops.flatMap((op) => (op.kind === 'claim' ? [op.claim] : []));
  if (claims.length > 0) {
    await createClaims(context, claims, { kind: 'Network', name, uid });
    return network;
  }
  for (const op of ops) {
    if (op.kind === 'add-finalizer') return addFinalizer(context, network);
    if (op.kind === 'reset-status') return resetStatus(context, network);
    if (op.kind === 'write-status') await writeStatus(context, network, op.change);
    if (op.kind === 'release') await releaseClaim(context, op.claim);
    if (op.kind === 'let-go') await letGo(context, network);
  }
  return 'done';
}

/** With the version that the plan was made for: the server refuses what was decided on something older. */
function addFinalizer({ client }: Context, { metadata }: Network): Promise<Network> {
  const { name, resourceVersion, finalizers = [] } = metadata;
  const patch = { metadata: { resourceVersion, finalizers: [...finalizers, FINALIZER_IN_USE] } };
  return client.patch(networks, name, patch);
}

/** What was recorded comes back from the spec and the claims. */
function resetStatus({ client, logger }: Context, { metadata }: Network): Promise<Network> {
  const { name, resourceVersion } = metadata;
  logger.warn({ network: name }, 'the status was not readable: written anew');
  return client.patch(networks, name, { metadata: { resourceVersion }, status: null }, { subresource: 'status' });
}

async function writeStatus(context: Context, network: Network, { patch, news }: StatusChange): Promise<void> {
  const { name, resourceVersion, uid } = network.metadata;
  const body = { metadata: { resourceVersion }, status: patch };
  await context.client.patch(networks, name, body, { subresource: 'status' });
  if (!news) return;
  const { apiVersion, kind } = network;
  context.recorder.record({ apiVersion, kind, name, uid }, news);
  context.logger.info({ network: name, reason: news.reason, detail: news.message }, 'network status changed');
}

async function letGo({ client, logger }: Context, { metadata }: Network): Promise<void> {
  const { name, resourceVersion, finalizers = [] } = metadata;
  const users = await client.list(networkEndpoints, { labelSelector: `${LABEL_NETWORK}=${name}` });
  if (users.items.length + users.unreadable.length > 0) return;
  const others = finalizers.filter((finalizer) => finalizer !== FINALIZER_IN_USE);
  await client.patch(networks, name, { metadata: { resourceVersion, finalizers: others } });
  logger.info({ network: name }, 'network let go');
}
