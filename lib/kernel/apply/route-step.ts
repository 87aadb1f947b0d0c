/** Carries out a step of rtnetlink ops: one system call to look up the links that it names, one for all the rest. */
import type { NetnsRef } from '../../dataplane/object.ts';
import { KernelError } from '../error.ts';
import type { Answer } from '../netlink/answer.ts';
import { RTM_GETLINK, decodeLink, encodeLinkQuery } from '../netlink/link.ts';
import type { Request } from '../netlink/message.ts';
import type { RouteSocket } from '../netlink/socket.ts';
import { type NetnsFile, openNetns } from '../netns/enter.ts';
import { describe } from './describe.ts';
import { type Places, filesFor, linksBefore, linksMade, requestsOf, vethPeer } from './request.ts';
import type { LinkIndexes, Outcome, Session } from './session.ts';
import type { OpOn, RouteObject, Step } from './step.ts';

type RouteOp = OpOn<RouteObject>;

const ENODEV = 19;
const ENOENT = 2;
/** What the kernel says of an object that is gone: link, FDB entry or neighbour, route, address. */
const GONE: readonly string[] = ['ENODEV', 'ENOENT', 'ESRCH', 'EADDRNOTAVAIL'];

export const isGone = (error: Error): boolean => error instanceof KernelError && GONE.includes(error.code);

interface LinkName {
  readonly netns: NetnsRef;
  readonly name: string;
}

/** The links that `ops` name and that are not known yet. */
function unknownLinks(ops: readonly RouteOp[], indexes: LinkIndexes): LinkName[] {
  const wanted = ops.flatMap((op) => linksBefore(op).map((name) => ({ netns: op.object.netns, name })));
  const unknown = wanted.filter(({ netns, name }) => indexes.get(netns, name) === undefined);
  return [...new Map(unknown.map((link) => [`${link.netns} ${link.name}`, link])).values()];
}

async function lookUp(socket: RouteSocket, links: readonly LinkName[], indexes: LinkIndexes): Promise<void> {
  const queries = links.map(({ name }) => ({ type: RTM_GETLINK, flags: 0, payload: encodeLinkQuery({ name }) }));
  const answers = await socket.request(queries);
  for (const [at, { netns, name }] of links.entries()) {
    const found = answers[at]?.payloads[0];
    if (found) indexes.set(netns, name, decodeLink(found).index);
  }
}

/** Open files of the namespaces into which links are made. */
class Files implements Disposable {
  readonly #open = new Map<NetnsRef, NetnsFile>();

  constructor(wanted: readonly NetnsRef[]) {
    for (const netns of new Set(wanted)) {
      try {
        this.#open.set(netns, openNetns(netns));
      } catch (error) {
        // The op that names it fails with `missing`.
        if (!(error instanceof KernelError)) throw error;
      }
    }
  }

  get(netns: NetnsRef): number | undefined {
    return this.#open.get(netns)?.fd;
  }

  [Symbol.dispose](): void {
    for (const file of this.#open.values()) file[Symbol.dispose]();
  }
}

/** Why an op cannot even be asked of the kernel. */
function missing(op: RouteOp, indexes: LinkIndexes, files: Files): KernelError | undefined {
  const { netns } = op.object;
  const link = linksBefore(op).find((name) => indexes.get(netns, name) === undefined);
  if (link) return new KernelError(describe(op), ENODEV, `there is no link ${link}`);
  const file = filesFor(op).find((wanted) => files.get(wanted) === undefined);
  return file && new KernelError(describe(op), ENOENT, `there is no network namespace ${file}`);
}

/** `missing` is checked before; what is still absent is a mistake of ours. */
function placesIn(indexes: LinkIndexes, files: Files): Places {
  const known = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('a request names a place that was not looked up');
    return value;
  };
  return { index: (netns, link) => known(indexes.get(netns, link)), file: (netns) => known(files.get(netns)) };
}

function outcomeOf(op: RouteOp, answers: readonly Answer[]): Outcome {
  const refused = answers.find(({ errno }) => errno !== 0);
  if (!refused) return undefined;
  const error = new KernelError(describe(op), refused.errno, refused.text);
  return op.kind === 'delete' && isGone(error) ? undefined : error;
}

/** Sends the requests of all ops at once; one outcome an op. */
async function send(
  socket: RouteSocket,
  plan: readonly (readonly [RouteOp, readonly Request[]])[],
): Promise<Outcome[]> {
  const answers = await socket.request(plan.flatMap(([, requests]) => requests));
  let from = 0;
  return plan.map(([op, requests]) => {
    const own = answers.slice(from, (from += requests.length));
    return outcomeOf(op, own);
  });
}

export interface RouteStep extends Pick<Step, 'netns' | 'ends'> {
  readonly ops: readonly RouteOp[];
}

/**
 * One outcome each of the ends and of the ops, in this order. Rejects with KernelError when the namespace of the step cannot be
 * entered.
 */
export async function applyRouteStep({ netns, ends, ops }: RouteStep, session: Session): Promise<Outcome[]> {
  const { indexes } = session;
  const socket = session.sockets.in(netns);
  for (const link of ops.flatMap(linksMade)) indexes.reserve(link.netns, link.name);
  const unknown = unknownLinks(ops, indexes);
  // Not even a turn of the event loop goes by when there is nothing to ask: other work could come before ours in it.
  if (unknown.length > 0) await lookUp(socket, unknown, indexes);
  using files = new Files(ops.flatMap(filesFor));
  const places = placesIn(indexes, files);
  const lacks = ops.map((op) => missing(op, indexes, files));
  const sent = ops.filter((_, at) => !lacks[at]);
  const results = await send(socket, [
    ...ends.map((op) => [op, [vethPeer(op)]] as const),
    ...sent.map((op) => [op, requestsOf(op, places)] as const),
  ]);
  const completed = results.splice(0, ends.length);
  const outcomes = ops.map((op, at) => {
    const lack = lacks[at];
    if (!lack) return results.shift();
    return op.kind === 'delete' ? undefined : lack;
  });
  return [...completed, ...outcomes];
}
