/** Events on objects: what `kubectl describe` shows. They inform people; nothing waits for them or fails with them. */
import { randomBytes } from 'node:crypto';
import { events, type ObjectReference } from '../api/event.ts';
import { errorMessage, type Logger } from '../telemetry/log.ts';
import type { KubeClient } from './client.ts';
import { hasReason } from './error.ts';
import { apiTime } from './status.ts';

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase, for programs. */
  readonly reason: string;
  /** For people, with the next step. */
  readonly message: string;
}

export interface EventRecorder {
  /** Never throws. The same event again raises the count of the one that is there. */
  record(about: ObjectReference, text: EventText): void;
  /** Resolves when what was recorded has been sent or given up. */
  flush(): Promise<void>;
}

export interface RecorderOptions {
  /** Who reports: `warren-controller`. */
  readonly component: string;
  readonly host?: string;
  readonly logger: Logger;
  /** How often one and the same event is written at most; what comes between is only counted. Default 30 s. */
  readonly repeatMs?: number;
}

interface Sent {
  name: string;
  count: number;
  at: number;
}

/** Where events about objects without a namespace live. */
const DEFAULT_NAMESPACE = 'default';
const MAX_REMEMBERED = 1000;
const MAX_PENDING = 100;

export function createEventRecorder(client: KubeClient, options: RecorderOptions): EventRecorder {
  const remembered = new Map<string, Sent>();
  let pending = 0;
  let last: Promise<void> = Promise.resolve();
  const enqueue = (send: () => Promise<void>): void => {
    if (pending >= MAX_PENDING) {
      options.logger.warn('event dropped: too many are waiting');
      return;
    }
    pending++;
    last = last
      .then(send)
      .catch((error: unknown) => options.logger.warn({ reason: errorMessage(error) }, 'event not recorded'))
      .finally(() => pending--);
  };
  return {
    record: (about, text) => {
      const key = JSON.stringify([about.uid, about.namespace, about.name, text]);
      const sent = remembered.get(key) ?? { name: '', count: 0, at: -Infinity };
      sent.count++;
      remember(remembered, key, sent);
      if (performance.now() - sent.at < (options.repeatMs ?? 30_000)) return;
      sent.at = performance.now();
      enqueue(() => write(client, options, about, text, sent));
    },
    flush: () => last,
  };
}

/** As the most recent; the oldest one is forgotten when there are too many. */
function remember(all: Map<string, Sent>, key: string, sent: Sent): void {
  all.delete(key);
  all.set(key, sent);
  const oldest = all.keys().next();
  if (all.size > MAX_REMEMBERED && !oldest.done) all.delete(oldest.value);
}

async function write(
  client: KubeClient,
  options: RecorderOptions,
  about: ObjectReference,
  text: EventText,
  sent: Sent,
): Promise<void> {
  const namespace = about.namespace ?? DEFAULT_NAMESPACE;
  if (sent.name !== '' && (await raiseCount(client, namespace, sent))) return;
  const created = await client.create(events, newEvent(options, namespace, about, text, sent.count), { namespace });
  sent.name = created.metadata.name;
}

/** False when the event is no longer there: servers drop them after an hour. */
async function raiseCount(client: KubeClient, namespace: string, sent: Sent): Promise<boolean> {
  try {
    await client.patch(events, sent.name, { count: sent.count, lastTimestamp: apiTime(new Date()) }, { namespace });
    return true;
  } catch (error) {
    if (hasReason(error, 'NotFound')) return false;
    throw error;
  }
}

function newEvent(
  { component, host }: RecorderOptions,
  namespace: string,
  about: ObjectReference,
  text: EventText,
  count: number,
): object {
  const now = apiTime(new Date());
  return {
    metadata: { name: `${(about.name ?? 'object').slice(0, 230)}.${randomBytes(8).toString('hex')}`, namespace },
    involvedObject: about,
    ...text,
    count,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component, ...(host === undefined ? {} : { host }) },
    reportingComponent: component,
    reportingInstance: host ?? component,
  };
}
