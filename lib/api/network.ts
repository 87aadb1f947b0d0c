/** Network (`wnet`): one named, isolated layer-2 segment that spans nodes. Subnets and VNI come from its status. */
import * as z from 'zod';
import { ipField, prefixField, vniField } from './field.ts';
import { labelSelectorSchema } from './label-selector.ts';
import { API_VERSION, conditionSchema, GROUP, metaSchema, type Resource, VERSION } from './meta.ts';

export const MTU_MIN = 1280;
export const MTU_MAX = 65_535;

const subnetSchema = z.object({
  cidr: prefixField,
  gateway: ipField.optional(),
  ipRange: prefixField.optional(),
  reserved: z.record(z.string(), ipField).optional(),
});
/** A subnet as the spec asks for it. */
export type SubnetSpec = z.infer<typeof subnetSchema>;

export const allocatedSubnetSchema = subnetSchema.extend({ gateway: ipField });
/** A subnet that the controller has claimed: its gateway is decided. */
export type AllocatedSubnet = z.infer<typeof allocatedSubnetSchema>;

export const networkSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Network'),
  metadata: metaSchema,
  spec: z
    .object({
      subnets: z.array(subnetSchema).default([]),
      mtu: z.number().int().min(MTU_MIN).max(MTU_MAX).optional(),
      vni: vniField.optional(),
      encrypted: z.boolean().default(false),
      internal: z.boolean().default(false),
      attachable: z.boolean().default(false),
      ingress: z.boolean().default(false),
      multicast: z.boolean().default(false),
      /** Whose pods may join; absent: those of every namespace. */
      namespaceSelector: labelSelectorSchema.optional(),
    })
    .prefault({}),
  status: z
    .object({
      subnets: z.array(allocatedSubnetSchema).optional(),
      vni: vniField.optional(),
      mtu: z.number().optional(),
      endpoints: z.number().optional(),
      available: z.number().optional(),
      nodes: z.number().optional(),
      conditions: z.array(conditionSchema).optional(),
      observedGeneration: z.number().optional(),
    })
    .prefault({}),
});
export type Network = z.infer<typeof networkSchema>;

export const networks: Resource<Network> = {
  group: GROUP,
  version: VERSION,
  kind: 'Network',
  plural: 'networks',
  namespaced: false,
  schema: networkSchema,
};
