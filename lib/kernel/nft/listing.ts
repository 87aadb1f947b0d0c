/**
 * What `nft -j list table` prints, as our own shapes. A table that holds anything we have no shape for cannot be one that we
 * made as it is now: it comes out empty, which differs from every desired table.
 */
import * as z from 'zod';
import type { NftChain, NftFamily, NftJson, NftKeyType, NftRule, NftSet, NftTable } from '../../dataplane/nft.ts';
import type { NetnsRef } from '../../dataplane/object.ts';
import { parseIp } from '../../net/address.ts';
import { err, ok, type Result } from '../../net/result.ts';
import { markToText } from './mark.ts';

const json: z.ZodType<NftJson> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(json), z.record(z.string(), json)]),
);
const keyType = z.enum(['ifname', 'ether_addr', 'ipv4_addr', 'ipv6_addr', 'mark']);
const identity = { family: z.string(), table: z.string(), name: z.string(), handle: z.number().optional() };
const setSchema = z.strictObject({
  ...identity,
  type: z.union([keyType.transform((one) => [one]), z.array(keyType)]),
  flags: z.array(z.enum(['constant', 'interval'])).default([]),
  elem: z.array(json).default([]),
});
const chainSchema = z.strictObject({
  ...identity,
  type: z.enum(['filter', 'nat']),
  hook: z.enum(['prerouting', 'input', 'forward', 'output', 'postrouting']),
  prio: z.number(),
  policy: z.enum(['accept', 'drop']),
});
const ruleSchema = z.strictObject({
  family: z.string(),
  table: z.string(),
  chain: z.string(),
  handle: z.number().optional(),
  comment: z.string().default(''),
  expr: z.array(json),
});
const entrySchema = z.union([
  z.object({ set: setSchema }),
  z.object({ chain: chainSchema }),
  z.object({ rule: ruleSchema }),
  z.object({ table: z.looseObject({ name: z.string() }) }),
  z.object({ metainfo: z.unknown() }),
]);
const listingSchema = z.object({ nftables: z.array(z.unknown()) });

/** Fails only for text that is no listing at all. */
export function parseListing(text: string, netns: NetnsRef, family: NftFamily, name: string): Result<NftTable> {
  const listing = listingSchema.safeParse(parseJson(text));
  if (!listing.success)
    return err('nft printed something else than a listing in JSON: is it the nftables package’s nft?');
  const entries = listing.data.nftables.map((entry) => entrySchema.safeParse(entry));
  const known = entries.flatMap((entry) => (entry.success ? [entry.data] : []));
  const table = { kind: 'nft-table', netns, family, name } as const;
  if (known.length !== entries.length) return ok({ ...table, sets: [], chains: [] });
  const rules = known.flatMap((entry) => ('rule' in entry ? [entry.rule] : []));
  return ok({
    ...table,
    sets: known.flatMap((entry) => ('set' in entry ? [readSet(entry.set)] : [])),
    chains: known.flatMap((entry) => {
      if (!('chain' in entry)) return [];
      const { chain } = entry;
      return [readChain(chain, rules.filter((rule) => rule.chain === chain.name).map(readRule))];
    }),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readSet({ name, type, flags, elem }: z.infer<typeof setSchema>): NftSet {
  return {
    name,
    type,
    ...(flags.includes('interval') && { interval: true }),
    ...(flags.includes('constant') && { elements: elem.map((value) => readKey(value, type)) }),
  };
}

const readChain = (chain: z.infer<typeof chainSchema>, rules: readonly NftRule[]): NftChain => {
  const { name, type, hook, prio, policy } = chain;
  return { name, type, hook, priority: prio, policy, rules };
};

const readRule = ({ comment, expr }: z.infer<typeof ruleSchema>): NftRule => ({
  comment,
  statements: expr.map(withoutFigures),
});

/** A counter's figures are no part of the rule. */
const withoutFigures = (statement: NftJson): NftJson =>
  typeof statement === 'object' && statement !== null && 'counter' in statement ? { counter: null } : statement;

function readKey(value: NftJson, type: readonly NftKeyType[]): readonly string[] {
  const parts = typeof value === 'object' && value !== null && 'concat' in value ? value['concat'] : [value];
  return Array.isArray(parts) ? parts.map((part: NftJson, at) => readPart(part, type[at])) : [JSON.stringify(value)];
}

function readPart(part: NftJson, type: NftKeyType | undefined): string {
  if (typeof part === 'number' && type === 'mark') return markToText(part);
  if (typeof part !== 'string') return readPrefix(part);
  const ip = parseIp(part);
  return ip.ok ? ip.value : part;
}

function readPrefix(part: NftJson): string {
  const shape = z.object({ prefix: z.object({ addr: z.string(), len: z.number() }) }).safeParse(part);
  return shape.success ? `${shape.data.prefix.addr}/${shape.data.prefix.len}` : JSON.stringify(part);
}
