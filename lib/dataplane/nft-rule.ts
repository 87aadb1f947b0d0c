/**
 * Builders for the few nftables statements that we use (libnftables-json(5)), each in the very form in which nft lists it,
 * so that what is observed equals what was asked for.
 */
import type { NftJson, NftRule } from './nft.ts';

export const rule = (comment: string, ...statements: NftJson[]): NftRule => ({ comment, statements });

/** `meta KEY`; nft writes the key alone for `iifname` and its like. */
export const meta = (key: string): NftJson => ({ meta: { key } });
/** `PROTOCOL FIELD`, e.g. `ip saddr`. */
export const payload = (protocol: string, field: string): NftJson => ({ payload: { protocol, field } });
/** `@BASE,OFFSET,LENGTH`, in bits. */
export const raw = (base: 'll' | 'nh' | 'th', offset: number, len: number): NftJson => ({
  payload: { base, offset, len },
});
export const concat = (...parts: NftJson[]): NftJson => ({ concat: parts });
/** `{ A, B }`; one value stands for itself, as nft lists it. */
export const anyOf = <T extends string | number>(values: readonly T[]): NftJson => {
  const [only, ...more] = [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
  return only !== undefined && more.length === 0 ? only : { set: only === undefined ? [] : [only, ...more] };
};
export const range = (from: number, to: number): NftJson => ({ range: [from, to] });

export const equals = (left: NftJson, right: NftJson): NftJson => ({ match: { op: '==', left, right } });
export const differs = (left: NftJson, right: NftJson): NftJson => ({ match: { op: '!=', left, right } });
/** `(LEFT & BITS) == BITS`. */
export const hasBits = (left: NftJson, bits: number): NftJson => equals({ '&': [left, bits] }, bits);
/** `meta mark set VALUE`. */
export const setMark = (value: NftJson): NftJson => ({ mangle: { key: meta('mark'), value } });

/** `PROTOCOL FIELD set VALUE`. */
export const setPayload = (protocol: string, field: string, value: string): NftJson => ({
  mangle: { key: payload(protocol, field), value },
});

export const accept: NftJson = { accept: null };
export const drop: NftJson = { drop: null };
export const masquerade: NftJson = { masquerade: null };
/** Counts what it sees; the figures are no part of the rule. */
export const counter: NftJson = { counter: null };
