/** What the kernel holds of one of our tables, read without nft(8). */
import type { NftElement, NftFamily } from '../../dataplane/nft.ts';
import type { NetnsRef } from '../../dataplane/object.ts';
import {
  decodeDynamicSet,
  decodeElements,
  type DynamicSet,
  fingerprint,
  hasTableFlags,
  isInTable,
  type TableParts,
} from './netfilter-decode.ts';
import { elementQuery, queries, type TableName } from './netfilter-message.ts';
import type { NetfilterSocket } from './netfilter-socket.ts';

export interface Snapshot {
  /** Equal for two snapshots if and only if the table, its chains, rules and sets are the same ones. */
  readonly print: string;
  /** Someone has set flags, of which nft's JSON says nothing: a dormant table has no effect. */
  readonly flagged: boolean;
  readonly elements: readonly NftElement[];
  readonly parts: TableParts;
}

export const tableName = (family: NftFamily, table: string): TableName => ({ family, table });

/** Nothing when there is no such table. */
export function takeSnapshot(socket: NetfilterSocket, netns: NetnsRef, name: TableName): Snapshot | undefined {
  return socket.consistently(() => {
    const tables = tablePart(socket, 'tables', name);
    if (tables.length === 0) return undefined;
    const chains = tablePart(socket, 'chains', name);
    const rules = tablePart(socket, 'rules', name);
    const sets = tablePart(socket, 'sets', name);
    const parts = { tables, chains, rules, sets };
    const elements = sets.map(decodeDynamicSet).flatMap((set) => (set ? setElements(socket, netns, name, set) : []));
    return { print: fingerprint(parts), flagged: tables.some(hasTableFlags), elements, parts };
  });
}

/** The sets of a table whose elements come and go. */
export function dynamicSets(socket: NetfilterSocket, name: TableName): ReadonlyMap<string, DynamicSet> {
  const sets = tablePart(socket, 'sets', name)
    .map(decodeDynamicSet)
    .filter((set) => set !== undefined);
  return new Map(sets.map((set) => [set.name, set]));
}

const tablePart = (socket: NetfilterSocket, part: keyof typeof queries, name: TableName): Buffer[] =>
  socket.dump(queries[part](name)).filter((payload) => isInTable(payload, name.table));

function setElements(socket: NetfilterSocket, netns: NetnsRef, name: TableName, set: DynamicSet): NftElement[] {
  const payloads = socket.dump(elementQuery(name, set.name));
  return payloads
    .flatMap((payload) => decodeElements(payload, set.types))
    .map((key) => ({ kind: 'nft-element', netns, ...name, set: set.name, key }));
}
