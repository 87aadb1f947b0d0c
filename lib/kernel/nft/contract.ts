/** What the Linux driver asks of the nftables driver. */
import type { NftElement, NftTable } from '../../dataplane/nft.ts';
import type { NetnsRef } from '../../dataplane/object.ts';

export type NftObject = NftTable | NftElement;

/** The ops of `dataplane/op.ts`, on nftables objects only. */
export type NftOp =
  | { readonly kind: 'create'; readonly object: NftObject }
  | { readonly kind: 'change'; readonly object: NftObject; readonly from: NftObject }
  | { readonly kind: 'delete'; readonly object: NftObject };

/**
 * Calls `inNetns` with the main thread inside the namespace, and comes back before it returns. Only synchronous work belongs
 * in there: opening a socket, or starting a child (`spawn` too: the child is forked before it returns, and stays inside).
 */
export type RunInNetns = <T>(inNetns: () => T) => T;

export interface NftDriver {
  /** Our tables of the namespace, and the elements of their dynamic sets. */
  observe(netns: NetnsRef, run: RunInNetns): Promise<readonly NftObject[]>;
  /**
   * Carries out `ops`, all of them in `netns`, in order. One entry an op: undefined when done (a delete of what is gone
   * already is), else the error. Never rejects.
   */
  apply(netns: NetnsRef, ops: readonly NftOp[], run: RunInNetns): Promise<readonly (Error | undefined)[]>;
}
