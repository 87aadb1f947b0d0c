/** Core v1 Event: what `kubectl describe` shows under an object. */
import * as z from 'zod';
import { metaSchema, type Resource } from './meta.ts';

/** The object that an event is about. */
const objectReferenceSchema = z.object({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  namespace: z.string().optional(),
  name: z.string().optional(),
  uid: z.string().optional(),
});
export type ObjectReference = z.infer<typeof objectReferenceSchema>;

const eventSchema = z.object({
  apiVersion: z.literal('v1'),
  kind: z.literal('Event'),
  metadata: metaSchema,
  involvedObject: objectReferenceSchema,
  type: z.string().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  count: z.number().nullish(),
});
export type Event = z.infer<typeof eventSchema>;

export const events: Resource<Event> = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
  schema: eventSchema,
};
