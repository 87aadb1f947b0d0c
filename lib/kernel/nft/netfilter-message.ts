/**
 * The few nfnetlink messages that need no nft(8) (linux/netfilter/nf_tables.h): elements of sets, tables that are known from
 * elsewhere, and the dumps that tell whether a table is still the one that was installed.
 */
import type { NftFamily } from '../../dataplane/nft.ts';
import { bytesAttribute, nest, textAttribute, u32Attribute } from '../netlink/attribute.ts';
import { NLM_F_CREATE, NLM_F_EXCL, type Request } from '../netlink/message.ts';

const SUBSYSTEM = 10;
const NFT_MSG_NEWTABLE = 0;
const NFT_MSG_GETTABLE = 1;
const NFT_MSG_DELTABLE = 2;
const NFT_MSG_NEWCHAIN = 3;
const NFT_MSG_GETCHAIN = 4;
const NFT_MSG_NEWRULE = 6;
const NFT_MSG_GETRULE = 7;
const NFT_MSG_NEWSET = 9;
const NFT_MSG_GETSET = 10;
const NFT_MSG_NEWSETELEM = 12;
const NFT_MSG_GETSETELEM = 13;
const NFT_MSG_DELSETELEM = 14;
const NFT_MSG_GETGEN = 16;
const NFNL_MSG_BATCH_BEGIN = 16;
const NFNL_MSG_BATCH_END = 17;

export const NFTA = {
  /** NFTA_TABLE_NAME, and NFTA_*_TABLE of all that is in a table. */
  TABLE: 1,
  TABLE_FLAGS: 2,
  TABLE_HANDLE: 4,
  CHAIN_HANDLE: 2,
  CHAIN_HOOK: 4,
  CHAIN_POLICY: 5,
  RULE_CHAIN: 2,
  RULE_HANDLE: 3,
  SET_NAME: 2,
  SET_FLAGS: 3,
  SET_KEY_TYPE: 4,
  SET_ID: 10,
  SET_HANDLE: 16,
  SET_ELEM_LIST_SET: 2,
  SET_ELEM_LIST_ELEMENTS: 3,
  LIST_ELEM: 1,
  SET_ELEM_KEY: 1,
  DATA_VALUE: 1,
  GEN_ID: 1,
} as const;

const NFPROTO: { readonly [family in NftFamily]: number } = { inet: 1, bridge: 7 };

export type Query = Omit<Request, 'flags'>;
export interface TableName {
  readonly family: NftFamily;
  readonly table: string;
}

const header = (family: number, resource = 0): Buffer => Buffer.of(family, 0, resource >> 8, resource & 255);

function about(message: number, { family, table }: TableName, ...attributes: readonly Buffer[]): Query {
  const payload = Buffer.concat([header(NFPROTO[family]), textAttribute(NFTA.TABLE, table), ...attributes]);
  return { type: (SUBSYSTEM << 8) | message, payload };
}

export const batchBegin: Request = { type: NFNL_MSG_BATCH_BEGIN, flags: 0, payload: header(0, SUBSYSTEM) };
export const batchEnd: Request = { type: NFNL_MSG_BATCH_END, flags: 0, payload: header(0, SUBSYSTEM) };

export const deleteTable = (name: TableName): Request => ({ ...about(NFT_MSG_DELTABLE, name), flags: 0 });
export const addElement = (name: TableName, set: string, key: Buffer): Request => ({
  ...element(NFT_MSG_NEWSETELEM, name, set, key),
  flags: NLM_F_CREATE | NLM_F_EXCL,
});
export const deleteElement = (name: TableName, set: string, key: Buffer): Request => ({
  ...element(NFT_MSG_DELSETELEM, name, set, key),
  flags: 0,
});

const CREATE = {
  tables: NFT_MSG_NEWTABLE,
  sets: NFT_MSG_NEWSET,
  chains: NFT_MSG_NEWCHAIN,
  rules: NFT_MSG_NEWRULE,
} as const;

/** What a dump showed, as an order. A set has to have a number in its transaction. */
export const createMessage = (part: keyof typeof CREATE, payload: Buffer, flags: number, number: number): Request => ({
  type: (SUBSYSTEM << 8) | CREATE[part],
  flags,
  payload: part === 'sets' ? Buffer.concat([payload, u32Attribute(NFTA.SET_ID, number)]) : payload,
});

function element(message: number, name: TableName, set: string, key: Buffer): Query {
  const value = nest(NFTA.LIST_ELEM, nest(NFTA.SET_ELEM_KEY, bytesAttribute(NFTA.DATA_VALUE, key)));
  return about(message, name, textAttribute(NFTA.SET_ELEM_LIST_SET, set), nest(NFTA.SET_ELEM_LIST_ELEMENTS, value));
}

/** What there is of a table, as queries of dumps. The kernel selects rules, sets and elements; the rest we do. */
export const queries = {
  tables: (name: TableName): Query => about(NFT_MSG_GETTABLE, name),
  chains: (name: TableName): Query => about(NFT_MSG_GETCHAIN, name),
  rules: (name: TableName): Query => about(NFT_MSG_GETRULE, name),
  sets: (name: TableName): Query => about(NFT_MSG_GETSET, name),
} as const;
export const elementQuery = (name: TableName, set: string): Query =>
  about(NFT_MSG_GETSETELEM, name, textAttribute(NFTA.SET_ELEM_LIST_SET, set));

/** The number of the ruleset's generation: with the same one before and after, several dumps show one state. */
export const generationQuery: Query = { type: (SUBSYSTEM << 8) | NFT_MSG_GETGEN, payload: header(0) };
