/** The lines of a watch: one JSON document each. */
import * as z from 'zod';
import { ApiError, errorFromStatus, parseJson } from './error.ts';

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: unknown }
  /** Nothing changed up to this version: a watch may continue from here. */
  | { readonly type: 'BOOKMARK'; readonly object: unknown };

const eventSchema = z.object({ type: z.string(), object: z.unknown() });

/** Takes the text of a watch as it arrives and hands out its events. Throws ApiError on an ERROR event or on nonsense. */
export function readWatchLines(call: string, onEvent: (event: WatchEvent) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onEvent(parseEvent(call, line));
  };
}

function parseEvent(call: string, line: string): WatchEvent {
  const event = eventSchema.safeParse(parseJson(line)).data;
  switch (event?.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      return { type: event.type, object: event.object };
    case 'ERROR':
      throw errorFromStatus(call, event.object);
    default:
      throw new ApiError({
        status: 200,
        reason: 'Unreadable',
        message: `${call}: a line of ${line.length} characters is no watch event`,
      });
  }
}
