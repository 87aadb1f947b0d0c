/** Carries out the DELs that the plugin queued while no agent answered it. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttachmentId } from '../api/cni-env.ts';
import { decodeRequest, type PluginReply, type PluginRequest, queueFileName } from '../api/plugin-wire.ts';
import { type QueuedRequest, readQueue } from '../store/request-queue.ts';
import type { Logger } from '../telemetry/log.ts';

export type Answer = (request: PluginRequest) => Promise<PluginReply>;

/**
 * One round. One that fails is tried again in the next round; one that cannot be read is of no use later either. A plugin that found
 * nobody may write its file just after a start's round: hence more rounds than the first.
 */
export async function drainQueue(directory: string, answer: Answer, log: Logger): Promise<void> {
  for (const queued of await readQueue(directory)) {
    const request = decoded(queued, log);
    const reply = request === undefined ? undefined : await answer(request);
    if (reply === undefined || reply.exitCode === 0) await queued.done();
    else log.warn({ reply: Buffer.from(reply.stdout).toString() }, 'queued DEL failed: trying again');
  }
}

/** An ADD says that the container lives: a DEL of it from before must not be carried out after. */
export async function forgetQueuedDel(directory: string, { containerID, ifname }: AttachmentId): Promise<void> {
  const path = join(directory, queueFileName(containerID, ifname));
  // Hardly ever there: asking is cheaper than two trips through the thread pool on the way of every ADD.
  if (existsSync(path)) await rm(path, { force: true });
}

function decoded({ bytes }: QueuedRequest, log: Logger): PluginRequest | undefined {
  try {
    const request = decodeRequest(bytes);
    if (request.done) return request.value;
    log.warn({ bytes: bytes.length, needed: request.needed }, 'queued DEL is cut short: dropped');
  } catch (error) {
    log.warn({ err: error }, 'queued DEL is not readable: dropped');
  }
  return undefined;
}
