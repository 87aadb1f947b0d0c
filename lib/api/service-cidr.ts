/** networking.k8s.io/v1 ServiceCIDR: the ranges from which Services get their ClusterIPs. Servers before 1.33 may not have it. */
import * as z from 'zod';
import { metaSchema, type Resource } from './meta.ts';

const serviceCIDRSchema = z.object({
  apiVersion: z.literal('networking.k8s.io/v1'),
  kind: z.literal('ServiceCIDR'),
  metadata: metaSchema,
  spec: z.object({ cidrs: z.array(z.string()).default([]) }).prefault({}),
});
export type ServiceCIDR = z.infer<typeof serviceCIDRSchema>;

export const serviceCIDRs: Resource<ServiceCIDR> = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  namespaced: false,
  schema: serviceCIDRSchema,
};
