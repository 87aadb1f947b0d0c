/** Endpoints of the network on other nodes. */
import { settle, type Taken } from '../dataplane/claims.ts';
import type { HostPrefix, IpAddress } from '../net/address.ts';
import type { Mac } from '../net/mac.ts';

export interface RemoteEndpoint {
  /** The name of its NetworkEndpoint: decides between contradicting records, the same on every node. */
  readonly name: string;
  readonly mac: Mac;
  readonly addresses: readonly HostPrefix[];
  /** Where its node is reached, in the family of this node's own VTEP. */
  readonly vtep: IpAddress;
}

/** What an endpoint of this node has, no remote one gets. */
export const settleRemote = (endpoints: readonly RemoteEndpoint[], taken: Taken): RemoteEndpoint[] =>
  settle(endpoints, (remote) => remote.name, taken);
