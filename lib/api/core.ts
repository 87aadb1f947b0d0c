/** The core kinds that we read, cut down to what we read of them. */
import * as z from 'zod';
import { metaSchema, type Resource } from './meta.ts';

const nodeSchema = z.object({
  apiVersion: z.literal('v1'),
  kind: z.literal('Node'),
  metadata: metaSchema,
  spec: z.object({ podCIDRs: z.array(z.string()).optional() }).prefault({}),
  status: z
    .object({ addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]) })
    .prefault({}),
});
export type Node = z.infer<typeof nodeSchema>;
export const nodes: Resource<Node> = {
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  namespaced: false,
  schema: nodeSchema,
};

const podSchema = z.object({
  apiVersion: z.literal('v1'),
  kind: z.literal('Pod'),
  metadata: metaSchema.extend({ namespace: z.string() }),
  spec: z.object({ nodeName: z.string().optional(), hostNetwork: z.boolean().optional() }).prefault({}),
  status: z.object({ phase: z.string().optional() }).prefault({}),
});
export type Pod = z.infer<typeof podSchema>;
export const pods: Resource<Pod> = {
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  namespaced: true,
  schema: podSchema,
};
