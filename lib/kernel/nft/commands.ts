/** Our tables as the commands that `nft -j -f` executes in one transaction (libnftables-json(5)). */
import type { NftChain, NftElement, NftJson, NftSet, NftTable } from '../../dataplane/nft.ts';
import { markFromText } from './mark.ts';

/** Fails when there is a table of that name. */
export const createTable = (table: NftTable): NftJson => ({
  nftables: [{ create: { table: header(table) } }, ...tableBody(table)],
});

/** Puts `table` in the place of the one that is there, with `kept` in its sets, at one instant. */
export const replaceTable = (table: NftTable, kept: readonly NftElement[]): NftJson => ({
  nftables: [
    { delete: { table: header(table) } },
    { add: { table: header(table) } },
    ...tableBody(table),
    ...kept.map((element) => ({ add: { element: elementBody(element, table) } })),
  ],
});

const header = ({ family, name }: NftTable): NftJson => ({ family, name });

function tableBody(table: NftTable): NftJson[] {
  const inTable = { family: table.family, table: table.name };
  return [
    ...table.sets.map((set) => ({ add: { set: { ...inTable, ...setBody(set) } } })),
    ...table.chains.map((chain) => ({ add: { chain: { ...inTable, ...chainBody(chain) } } })),
    ...table.chains.flatMap((chain) =>
      chain.rules.map(({ comment, statements }) => {
        return { add: { rule: { ...inTable, chain: chain.name, comment, expr: statements } } };
      }),
    ),
  ];
}

/** Fixed elements are marked `constant`: that is how they are told from those that come and go. */
function setBody({ name, type, elements, interval }: NftSet): { readonly [key: string]: NftJson } {
  const flags = [...(elements ? ['constant'] : []), ...(interval === true ? ['interval'] : [])];
  return {
    name,
    type: type.length === 1 ? (type[0] ?? null) : type,
    ...(flags.length > 0 && { flags }),
    ...(elements && elements.length > 0 && { elem: elements.map((key) => keyValue(key, type)) }),
  };
}

const chainBody = ({ name, type, hook, priority, policy }: NftChain): { readonly [key: string]: NftJson } => {
  return { name, type, hook, prio: priority, policy };
};

function elementBody({ family, table, set, key }: NftElement, { sets }: NftTable): NftJson {
  const type = sets.find(({ name }) => name === set)?.type ?? [];
  return { family, table, name: set, elem: [keyValue(key, type)] };
}

function keyValue(key: readonly string[], type: NftSet['type']): NftJson {
  const parts = key.map((part, at): NftJson => (type[at] === 'mark' ? markFromText(part) : interval(part)));
  return parts.length === 1 ? (parts[0] ?? null) : { concat: parts };
}

function interval(text: string): NftJson {
  const prefix = /^([0-9a-f.:]+)\/(\d+)$/.exec(text);
  return prefix ? { prefix: { addr: prefix[1] ?? '', len: Number(prefix[2]) } } : text;
}
