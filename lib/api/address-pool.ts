/** AddressPool (`wpool`): a prefix that is cut into subnets of one length, for networks or for the nodes' gateway bridges. */
import * as z from 'zod';
import { prefixField } from './field.ts';
import { API_VERSION, conditionSchema, GROUP, metaSchema, type Resource, VERSION } from './meta.ts';

export const addressPoolSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('AddressPool'),
  metadata: metaSchema,
  spec: z.object({
    cidr: prefixField,
    prefixLength: z.number().int().min(1).max(127),
    purpose: z.enum(['network', 'gateway']).default('network'),
  }),
  status: z
    .object({
      total: z.number().optional(),
      used: z.number().optional(),
      free: z.number().optional(),
      /** The smallest prefix that holds every subnet that was given out from this pool; absent while there is none. */
      inUse: prefixField.optional(),
      conditions: z.array(conditionSchema).optional(),
    })
    .prefault({}),
});
export type AddressPool = z.infer<typeof addressPoolSchema>;

export const addressPools: Resource<AddressPool> = {
  group: GROUP,
  version: VERSION,
  kind: 'AddressPool',
  plural: 'addresspools',
  namespaced: false,
  schema: addressPoolSchema,
};
