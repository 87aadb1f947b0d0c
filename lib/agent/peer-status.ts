/** This node's NodePeer status: how the other nodes reach it, written whenever that changes. */
import type { NodePeer } from '../api/node-peer.ts';
import { nodePeers } from '../api/node-peer.ts';
import type { KubeClient } from '../kube/client.ts';
import type { NodeFacts } from './view.ts';

type PeerStatus = Pick<NodePeer['status'], 'vteps' | 'underlayMTU' | 'incarnation' | 'networks'>;

export function peerStatus(node: NodeFacts, incarnation: string, networks: readonly string[]): PeerStatus {
  return { vteps: [...node.vteps], underlayMTU: node.underlayMtu, incarnation, networks: [...networks].sort() };
}

/** Nothing is written when the record says so already. */
export async function publishPeer(client: KubeClient, record: NodePeer, status: PeerStatus): Promise<void> {
  const { vteps, underlayMTU, incarnation, networks } = record.status;
  if (JSON.stringify({ vteps, underlayMTU, incarnation, networks }) === JSON.stringify(status)) return;
  await client.patch(nodePeers, record.metadata.name, { status }, { subresource: 'status' });
}
