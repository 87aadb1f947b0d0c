/** Making, replacing and deleting whole tables, each in one transaction. */
import type { NftTable } from '../../dataplane/nft.ts';
import type { NetnsRef } from '../../dataplane/object.ts';
import { describeObject } from '../../dataplane/text.ts';
import { KernelError } from '../error.ts';
import type { Request } from '../netlink/message.ts';
import type { Nft } from './command.ts';
import { createTable, replaceTable } from './commands.ts';
import type { NftOp, RunInNetns } from './contract.ts';
import { deleteTable } from './netfilter-message.ts';
import type { NetfilterSocket } from './netfilter-socket.ts';
import { type Snapshot, tableName, takeSnapshot } from './snapshot.ts';
import { makeTemplate } from './template.ts';

const ENOENT = 2;

/** Where, and with what, something is done. */
export interface Place {
  readonly netns: NetnsRef;
  readonly run: RunInNetns;
  readonly socket: NetfilterSocket;
  readonly nft: Nft;
  readonly memory: Memory;
}

/** What a driver remembers. */
export interface Memory {
  /** By namespace and family: a table's content by its fingerprint, be it that we wrote it or that nft listed it. */
  readonly known: Map<string, { readonly print: string; readonly table: NftTable }>;
  /** By content: how to make a table that nft has made before. */
  readonly templates: Map<string, readonly Request[]>;
}

/** Rejects with NftError or KernelError, and leaves what was there. */
export async function applyTable(place: Place, kind: NftOp['kind'], table: NftTable): Promise<undefined> {
  const { netns, socket, memory } = place;
  const name = tableName(table.family, table.name);
  memory.known.delete(`${netns} ${table.family}`);
  if (kind === 'delete') {
    await removeTable(place, table);
    return;
  }
  const isFromTemplate = kind === 'create' && (await createFromTemplate(place, table));
  if (!isFromTemplate) await writeByNft(place, kind, table);
  const after = takeSnapshot(socket, netns, name);
  if (!after || !isWhole(after, table)) return;
  memory.known.set(`${netns} ${table.family}`, { print: after.print, table });
  const template = isFromTemplate ? undefined : makeTemplate(after.parts);
  if (template) memory.templates.set(contentOf(table), template);
}

/** False when someone else was quicker than the look: then the next observation asks nft what is there. */
const isWhole = ({ parts, flagged }: Snapshot, { chains }: NftTable): boolean =>
  !flagged &&
  parts.chains.length === chains.length &&
  parts.rules.length === chains.reduce((sum, chain) => sum + chain.rules.length, 0);

async function removeTable({ socket }: Place, table: NftTable): Promise<void> {
  const [ack] = await socket.transact([deleteTable(tableName(table.family, table.name))]);
  if (!ack || ack.errno === 0 || ack.errno === ENOENT) return;
  throw new KernelError(`delete ${describeObject(table)}`, ack.errno, ack.text);
}

/** Apart from where it is. */
const contentOf = ({ family, name, sets, chains }: NftTable): string => JSON.stringify([family, name, sets, chains]);

/** False when there is no template, or the kernel does not take it: nft has the last word, and the better error. */
async function createFromTemplate({ socket, memory }: Place, table: NftTable): Promise<boolean> {
  const template = memory.templates.get(contentOf(table));
  return template !== undefined && (await socket.transact(template)).every((ack) => ack.errno === 0);
}

async function writeByNft(
  { netns, run, socket, nft }: Place,
  kind: 'create' | 'change',
  table: NftTable,
): Promise<void> {
  const what = `${kind} ${describeObject(table)}`;
  if (kind === 'create') return nft.file(what, createTable(table), run);
  const before = takeSnapshot(socket, netns, tableName(table.family, table.name));
  return nft.file(what, replaceTable(table, staying(table, before)), run);
}

/** Elements of sets that the new table has with the same key. */
function staying(table: NftTable, before: Snapshot | undefined): Snapshot['elements'] {
  const lengths = new Map(table.sets.map((set) => [set.name, set.elements ? undefined : set.type.length]));
  return (before?.elements ?? []).filter((element) => lengths.get(element.set) === element.key.length);
}
