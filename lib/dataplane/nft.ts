/**
 * nftables objects as data, in the JSON form that `nft -j` reads (libnftables-json(5)). A table is replaced atomically as
 * a whole; elements of its dynamic sets come and go one by one, so that attaching a pod does not reload a ruleset.
 */
import type { NetnsRef } from './netns-ref.ts';

export type NftFamily = 'inet' | 'bridge';
export type NftJson = null | boolean | number | string | readonly NftJson[] | { readonly [key: string]: NftJson };

export interface NftSet {
  readonly name: string;
  /** One type, or several for a concatenation: `['ifname', 'ether_addr', 'ipv4_addr']`. */
  readonly type: readonly NftKeyType[];
  /** Fixed elements are part of the table; a set without them holds NftElement objects. */
  readonly elements?: readonly (readonly string[])[];
  readonly interval?: boolean;
}
/** The text of a `mark` key is its four bytes in network order, `0x0a000002`. */
export type NftKeyType = 'ifname' | 'ether_addr' | 'ipv4_addr' | 'ipv6_addr' | 'mark';

export interface NftChain {
  readonly name: string;
  readonly type: 'filter' | 'nat';
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
  readonly rules: readonly NftRule[];
}
/** The list of its statements. The comment says why the rule is there, for who reads `nft list ruleset`. */
export interface NftRule {
  readonly comment: string;
  readonly statements: readonly NftJson[];
}

/** `table FAMILY NAME { … }`. */
export interface NftTable {
  readonly kind: 'nft-table';
  readonly netns: NetnsRef;
  readonly family: NftFamily;
  readonly name: string;
  readonly sets: readonly NftSet[];
  readonly chains: readonly NftChain[];
}

/** `add element FAMILY TABLE SET { KEY }`. */
export interface NftElement {
  readonly kind: 'nft-element';
  readonly netns: NetnsRef;
  readonly family: NftFamily;
  readonly table: string;
  readonly set: string;
  readonly key: readonly string[];
}
