/**
 * Deletes links. The kernel takes a veth out of sight within a millisecond or two, then waits some 15 more for RCU before it
 * answers, for each call anew. So the links of a step are put into one group, which one call deletes, and the step ends
 * when they are out of sight.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NetnsRef } from '../../dataplane/object.ts';
import { KernelError } from '../error.ts';
import type { Answer } from '../netlink/answer.ts';
import { RTM_DELLINK, RTM_GETLINK, RTM_SETLINK, encodeLink, encodeLinkQuery } from '../netlink/link.ts';
import type { Request } from '../netlink/message.ts';
import { RouteSocket } from '../netlink/socket.ts';
import { withNetns } from '../netns/enter.ts';
import { CONDEMNED_GROUP } from '../ownership.ts';
import type { Outcome, Session } from './session.ts';

const ENODEV = 19;
const POLL_MS = 1;

const condemn = (name: string): Request => ({
  type: RTM_SETLINK,
  flags: 0,
  payload: encodeLink({ index: 0, name, group: CONDEMNED_GROUP }),
});
const execute: Request = { type: RTM_DELLINK, flags: 0, payload: encodeLink({ index: 0, group: CONDEMNED_GROUP }) };
const lookFor = (name: string): Request => ({ type: RTM_GETLINK, flags: 0, payload: encodeLinkQuery({ name }) });

function refused(what: string, answer: Answer | undefined): Outcome {
  if (!answer || answer.errno === 0 || answer.errno === ENODEV) return undefined;
  return new KernelError(what, answer.errno, answer.text);
}

/** On a socket of its own, which stays open until the kernel answers. */
async function deleteGroup(netns: NetnsRef, names: readonly string[]): Promise<Outcome[]> {
  using socket = withNetns(netns, () => new RouteSocket());
  const answers = await socket.request([...names.map(condemn), execute]);
  return names.map((name, at) => {
    const what = `delete link ${name} in ${netns}`;
    return refused(what, answers[at]) ?? refused(what, answers[names.length]);
  });
}

async function outOfSight(socket: RouteSocket, names: readonly string[], until: AbortSignal): Promise<Outcome[]> {
  while (!until.aborted) {
    const answers = await socket.request(names.map(lookFor));
    if (answers.every(({ errno }) => errno === ENODEV)) break;
    await sleep(POLL_MS);
  }
  return names.map(() => undefined);
}

export class Unlinker {
  readonly #unanswered = new Set<Promise<unknown>>();

  /** Resolves when the links are gone for everybody. Rejects as `withNetns` does. */
  async now(netns: NetnsRef, names: readonly string[], { sockets, indexes }: Session): Promise<Outcome[]> {
    if (names.length === 0) return [];
    const socket = sockets.in(netns);
    const answered = new AbortController();
    const deleted = this.#start(netns, names).finally(() => answered.abort());
    const seen = outOfSight(socket, names, answered.signal);
    const outcomes = await Promise.race([deleted, seen]).finally(() => seen);
    for (const name of names) indexes.forget(netns, name);
    return outcomes;
  }

  /** Begins, for links that nobody can name any more. */
  later(netns: NetnsRef, names: readonly string[]): void {
    if (names.length > 0) void this.#start(netns, names);
  }

  /** Whether links are on their way out. */
  isBusy(): boolean {
    return this.#unanswered.size > 0;
  }

  /** When the kernel has answered everything. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#unanswered);
  }

  #start(netns: NetnsRef, names: readonly string[]): Promise<Outcome[]> {
    const deleted = deleteGroup(netns, names);
    this.#unanswered.add(deleted);
    const answered = (): void => void this.#unanswered.delete(deleted);
    deleted.then(answered, answered);
    return deleted;
  }
}
