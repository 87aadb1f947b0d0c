/**
 * NodePeer (`wpeer`): what the other nodes need to know of a node. The controller creates it for each Node and writes the spec;
 * the node's agent writes the status.
 */
import * as z from 'zod';
import { ipField, prefixField } from './field.ts';
import { API_VERSION, conditionSchema, GROUP, metaSchema, type Resource, VERSION } from './meta.ts';

export const nodePeerSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('NodePeer'),
  metadata: metaSchema,
  spec: z
    .object({
      /** One per family: the gateway bridge's subnets, from which eth0 of the node's pods gets its addresses. */
      gatewaySubnets: z.array(prefixField).default([]),
    })
    .prefault({}),
  status: z
    .object({
      /** Tunnel endpoint addresses of the underlay, the one in use first. */
      vteps: z.array(ipField).default([]),
      underlayMTU: z.number().optional(),
      /** Changes with each start of the agent. */
      incarnation: z.string().optional(),
      /** Base64; absent until the node takes part in encryption. */
      publicKey: z.string().optional(),
      /** Under which the node can receive. */
      keyEpochs: z.array(z.number()).optional(),
      networks: z.array(z.string()).default([]),
      conditions: z.array(conditionSchema).optional(),
    })
    .prefault({}),
});
export type NodePeer = z.infer<typeof nodePeerSchema>;

export const nodePeers: Resource<NodePeer> = {
  group: GROUP,
  version: VERSION,
  kind: 'NodePeer',
  plural: 'nodepeers',
  namespaced: false,
  schema: nodePeerSchema,
};
