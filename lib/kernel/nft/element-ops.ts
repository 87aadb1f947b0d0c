/** Elements of sets, many in one transaction. */
import type { NftElement } from '../../dataplane/nft.ts';
import { describeObject } from '../../dataplane/text.ts';
import { KernelError } from '../error.ts';
import type { Ack } from '../netlink/ack.ts';
import type { Request } from '../netlink/message.ts';
import type { DynamicSet } from './netfilter-decode.ts';
import { addElement, deleteElement } from './netfilter-message.ts';
import type { NetfilterSocket } from './netfilter-socket.ts';
import { encodeKey } from './set-key.ts';
import { dynamicSets, tableName } from './snapshot.ts';

export interface ElementOp {
  readonly kind: 'create' | 'delete';
  readonly object: NftElement;
}

const ENOENT = 2;
/** Keeps a batch well below the socket's send buffer. */
const BATCH = 2000;

type Outcome = Error | undefined;
interface Pending {
  readonly at: number;
  readonly op: ElementOp;
  readonly request: Request;
}

/** One outcome an op: undefined when done, or when it was to be deleted and is not there. Throws KernelError. */
export async function applyElements(socket: NetfilterSocket, ops: readonly ElementOp[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = ops.map(() => undefined);
  const pending: Pending[] = [];
  const sets = setsOf(socket, ops);
  for (const [at, op] of ops.entries()) {
    const request = encodeOp(op, sets);
    if (request instanceof Error) outcomes[at] = request;
    else if (request) pending.push({ at, op, request });
  }
  for (let start = 0; start < pending.length; start += BATCH) {
    await applyBatch(socket, pending.slice(start, start + BATCH), outcomes);
  }
  return outcomes;
}

/** A transaction fails as a whole: those that the kernel refuses are set aside, and the others tried again. */
async function applyBatch(socket: NetfilterSocket, batch: readonly Pending[], outcomes: Outcome[]): Promise<void> {
  let rest = batch;
  while (rest.length > 0) {
    const acks = await socket.transact(rest.map(({ request }) => request));
    const refused = new Set<Pending>();
    for (const [index, pending] of rest.entries()) {
      const ack = acks[index];
      if (!ack || ack.errno === 0) continue;
      refused.add(pending);
      outcomes[pending.at] = refusal(pending.op, ack);
    }
    if (refused.size === 0) return;
    rest = rest.filter((pending) => !refused.has(pending));
  }
}

function refusal({ kind, object }: ElementOp, { errno, text }: Ack): Outcome {
  if (kind === 'delete' && errno === ENOENT) return undefined;
  return new KernelError(`${kind} ${describeObject(object)}`, errno, text);
}

const setKey = ({ family, table, set }: NftElement): string => `${family} ${table} ${set}`;

function setsOf(socket: NetfilterSocket, ops: readonly ElementOp[]): ReadonlyMap<string, DynamicSet> {
  const tables = new Map(ops.map(({ object: { family, table } }) => [`${family} ${table}`, tableName(family, table)]));
  const found = new Map<string, DynamicSet>();
  for (const [prefix, name] of tables) {
    for (const set of dynamicSets(socket, name).values()) found.set(`${prefix} ${set.name}`, set);
  }
  return found;
}

/** Nothing to do for the deletion of what is gone with its set. */
function encodeOp(op: ElementOp, sets: ReadonlyMap<string, DynamicSet>): Request | Error | undefined {
  const { family, table, set, key } = op.object;
  const types = sets.get(setKey(op.object))?.types;
  const what = `${op.kind} ${describeObject(op.object)}`;
  if (!types && op.kind === 'delete') return undefined;
  if (!types) return new KernelError(what, ENOENT, 'there is no such set');
  try {
    const bytes = encodeKey(key, types);
    const encode = op.kind === 'create' ? addElement : deleteElement;
    return encode(tableName(family, table), set, bytes);
  } catch (cause) {
    return new Error(`cannot ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
