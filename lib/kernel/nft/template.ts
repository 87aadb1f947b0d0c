/**
 * A table that nft(8) has installed once, for installing it again elsewhere: the kernel describes what it has in the same
 * attributes in which it takes orders. The tables of all networks are alike, and an execution of nft costs 20 times as much.
 */
import { type Request, NLM_F_CREATE, NLM_F_EXCL } from '../netlink/message.ts';
import { decodeDynamicSet, keepAttributes, type TableParts } from './netfilter-decode.ts';
import { createMessage } from './netfilter-message.ts';

const NLM_F_APPEND = 0x800;

/** The attributes that describe, by kind; the others count, or number what is there (linux/netfilter/nf_tables.h). */
const DESCRIPTION = {
  tables: [1, 2, 6],
  sets: [1, 2, 3, 4, 5, 8, 9, 13],
  chains: [1, 3, 4, 5, 7, 10, 12],
  rules: [1, 2, 4, 7],
} as const;

/** The requests of one transaction. Nothing for a table with sets that belong to its rules: those have contents of their own. */
export function makeTemplate(parts: TableParts): readonly Request[] | undefined {
  if (parts.sets.some((set) => decodeDynamicSet(set) === undefined)) return undefined;
  const create = NLM_F_CREATE | NLM_F_EXCL;
  const requests = (part: keyof typeof DESCRIPTION, flags: number): Request[] =>
    parts[part].map((payload, at) => createMessage(part, keepAttributes(payload, DESCRIPTION[part]), flags, at + 1));
  return [
    ...requests('tables', create),
    ...requests('sets', create),
    ...requests('chains', create),
    ...requests('rules', NLM_F_CREATE | NLM_F_APPEND),
  ];
}
