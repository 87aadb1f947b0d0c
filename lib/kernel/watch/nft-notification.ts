/** What a notification of nftables is about (linux/netfilter/nf_tables.h): pure. */
import { attribute, readAttributes } from '../netlink/attribute.ts';
import { atLeast, readText } from '../netlink/bytes.ts';
import type { Message } from '../netlink/message.ts';

const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_NEWGEN = 15;
/** The name of the table, in messages about tables, chains, rules, sets and elements alike. */
const NFTA_TABLE = 1;
const HEADER = 4;

/** The name of the table that changed; undefined for other messages. Throws NetlinkDecodeError. */
export function changedTable({ type, payload }: Message): string | undefined {
  if (type >> 8 !== NFNL_SUBSYS_NFTABLES || (type & 0xff) === NFT_MSG_NEWGEN) return undefined;
  const attributes = readAttributes(atLeast(HEADER, payload, 'struct nfgenmsg').subarray(HEADER));
  return attribute(attributes, NFTA_TABLE, readText);
}
