/**
 * The nftables driver. A whole table goes through nft(8). What is done for every pod goes through nfnetlink, since an execution
 * of nft costs 20 to 40 times as much: elements of sets, a look whether all is still there, a table that nft has made before.
 */
import type { NftFamily, NftTable } from '../../dataplane/nft.ts';
import type { NetnsRef } from '../../dataplane/object.ts';
import { NFT_TABLE } from '../../dataplane/owner.ts';
import { must } from '../../net/result.ts';
import { createNft } from './command.ts';
import type { NftDriver, NftObject, NftOp } from './contract.ts';
import { type ElementOp, applyElements } from './element-ops.ts';
import { parseListing } from './listing.ts';
import { tableName, takeSnapshot } from './snapshot.ts';
import { socketLeases } from './socket-lease.ts';
import { applyTable, type Memory, type Place } from './table-ops.ts';

const FAMILIES: readonly NftFamily[] = ['inet', 'bridge'];
const ATTEMPTS = 5;

/** One driver serves all namespaces; calls about the same namespace must not overlap. `binary`: nft(8), by name or path. */
export function createNftDriver(binary = 'nft'): NftDriver {
  const memory: Memory = { known: new Map(), templates: new Map() };
  const nft = createNft(binary);
  const lease = socketLeases();
  return {
    async observe(netns, run) {
      using leased = lease(netns, run);
      const place = { netns, run, socket: leased.socket, nft, memory };
      const objects: NftObject[] = [];
      for (const family of FAMILIES) objects.push(...(await observeTable(place, family)));
      return objects;
    },
    async apply(netns, ops, run) {
      try {
        using leased = lease(netns, run);
        return await applyOps({ netns, run, socket: leased.socket, nft, memory }, ops);
      } catch (error) {
        return ops.map(() => asError(error));
      }
    },
  };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

async function observeTable(place: Place, family: NftFamily): Promise<readonly NftObject[]> {
  const { netns, socket } = place;
  const { known } = place.memory;
  const name = tableName(family, NFT_TABLE);
  const key = `${netns} ${family}`;
  let snapshot = takeSnapshot(socket, netns, name);
  for (let attempt = 0; snapshot && attempt < ATTEMPTS; attempt++) {
    const before = known.get(key);
    if (before?.print === snapshot.print) return [before.table, ...snapshot.elements];
    const table = snapshot.flagged ? unlike(netns, family) : await listTable(place, family);
    known.set(key, { print: snapshot.print, table });
    snapshot = takeSnapshot(socket, netns, name);
  }
  known.delete(key);
  if (snapshot) throw new Error(`nft table ${family} ${NFT_TABLE} changed during each of ${ATTEMPTS} listings`);
  return [];
}

/** What no desired table equals. */
const unlike = (netns: NetnsRef, family: NftFamily): NftTable => {
  return { kind: 'nft-table', netns, family, name: NFT_TABLE, sets: [], chains: [] };
};

async function listTable({ netns, run, nft }: Place, family: NftFamily): Promise<NftTable> {
  const listing = await nft.list(family, NFT_TABLE, run);
  return must(parseListing(listing, netns, family, NFT_TABLE));
}

/** Runs of element ops are one transaction each; a table is one of its own. */
async function applyOps(place: Place, ops: readonly NftOp[]): Promise<(Error | undefined)[]> {
  const results: (Error | undefined)[] = [];
  let elements: ElementOp[] = [];
  const flush = async (): Promise<void> => {
    if (elements.length > 0) results.push(...(await applyElements(place.socket, elements)));
    elements = [];
  };
  for (const op of ops) {
    if (op.object.kind === 'nft-element') {
      elements.push({ kind: op.kind === 'delete' ? 'delete' : 'create', object: op.object });
      continue;
    }
    await flush();
    results.push(await applyTable(place, op.kind, op.object).catch(asError));
  }
  await flush();
  return results;
}
