/** Reading what dumps of nfnetlink bring (linux/netfilter/nf_tables.h). */
import { createHash } from 'node:crypto';
import type { NftKeyType } from '../../dataplane/nft.ts';
import { attribute, type Attributes, readAttributes } from '../netlink/attribute.ts';
import { atLeast, readText, readU32 } from '../netlink/bytes.ts';
import { attributeFrames } from './attribute-list.ts';
import { NFTA } from './netfilter-message.ts';
import { decodeKey, decodeKeyType } from './set-key.ts';

const NFT_SET_ANONYMOUS = 0x1;
const NFT_SET_CONSTANT = 0x2;
/** struct nfgenmsg. */
const HEADER = 4;

/** What dumps show of one table. */
export type TableParts = { readonly [part in 'tables' | 'chains' | 'rules' | 'sets']: readonly Buffer[] };

/** A set whose elements come and go. */
export interface DynamicSet {
  readonly name: string;
  readonly types: readonly NftKeyType[];
}

const attributesOf = (payload: Buffer): Attributes =>
  readAttributes(atLeast(HEADER, payload, 'struct nfgenmsg').subarray(HEADER));

/** The message with these attributes only, byte by byte. Throws NetlinkDecodeError. */
export function keepAttributes(payload: Buffer, types: readonly number[]): Buffer {
  const head = Buffer.of(atLeast(HEADER, payload, 'struct nfgenmsg').readUInt8(0), 0, 0, 0);
  const kept = attributeFrames(payload.subarray(HEADER)).filter(({ type }) => types.includes(type));
  return Buffer.concat([head, ...kept.map(({ frame }) => frame)]);
}

/** Throws NetlinkDecodeError. */
export const isInTable = (payload: Buffer, table: string): boolean =>
  attribute(attributesOf(payload), NFTA.TABLE, readText) === table;

/** Nothing for a set that is part of the rules, or of a kind that we never make. Throws NetlinkDecodeError. */
export function decodeDynamicSet(payload: Buffer): DynamicSet | undefined {
  const attributes = attributesOf(payload);
  const number = (type: number) => attribute(attributes, type, (bytes) => atLeast(4, bytes, 'a be32').readUInt32BE(0));
  const name = attribute(attributes, NFTA.SET_NAME, readText);
  const types = decodeKeyType(number(NFTA.SET_KEY_TYPE) ?? 0);
  const fixed = ((number(NFTA.SET_FLAGS) ?? 0) & (NFT_SET_ANONYMOUS | NFT_SET_CONSTANT)) !== 0;
  return fixed || types === undefined || name === undefined ? undefined : { name, types };
}

/** A table with flags, such as `dormant`, is none of ours as we made it. Throws NetlinkDecodeError. */
export const hasTableFlags = (payload: Buffer): boolean =>
  (attribute(attributesOf(payload), NFTA.TABLE_FLAGS, readU32) ?? 0) !== 0;

/** Throws NetlinkDecodeError. */
export const decodeGeneration = (payload: Buffer): number | undefined =>
  attribute(attributesOf(payload), NFTA.GEN_ID, readU32);

/** One message of an element dump holds many. Throws NetlinkDecodeError. */
export function decodeElements(payload: Buffer, types: readonly NftKeyType[]): string[][] {
  const list = attribute(attributesOf(payload), NFTA.SET_ELEM_LIST_ELEMENTS, attributeFrames) ?? [];
  return list.flatMap(({ payload: bytes }) => {
    const key = attribute(readAttributes(bytes), NFTA.SET_ELEM_KEY, readAttributes);
    const value = key && attribute(key, NFTA.DATA_VALUE, (data) => data);
    return value === undefined ? [] : [decodeKey(value, types)];
  });
}

/**
 * Identifies a table's content. A rule never changes under its handle, and no handle is used twice: order, handles and what can be changed in
 * place tell whether anything is different. Throws NetlinkDecodeError.
 */
export function fingerprint(parts: TableParts): string {
  const hash = createHash('sha256');
  const relevant = {
    tables: [NFTA.TABLE_FLAGS, NFTA.TABLE_HANDLE],
    chains: [NFTA.CHAIN_HANDLE, NFTA.CHAIN_HOOK, NFTA.CHAIN_POLICY],
    rules: [NFTA.RULE_CHAIN, NFTA.RULE_HANDLE],
    sets: [NFTA.SET_NAME, NFTA.SET_HANDLE],
  } as const;
  for (const part of ['tables', 'chains', 'rules', 'sets'] as const) {
    for (const payload of parts[part]) {
      const attributes = attributesOf(payload);
      const fields = relevant[part].map((type) => attributes.get(type)?.toString('hex') ?? '');
      hash.update(`${part} ${fields.join(' ')}\n`);
    }
  }
  return hash.digest('hex');
}
