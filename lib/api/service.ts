/** Core v1 Service, cut down to what we read of it: the one way to give a network's endpoints a common name and address. */
import * as z from 'zod';
import { metaSchema, type Resource } from './meta.ts';

/** Marks the Services that are ours and not kube-proxy's (a standard label of Kubernetes). */
export const LABEL_SERVICE_PROXY = 'service.kubernetes.io/service-proxy-name';
export const SERVICE_PROXY = 'warren';
/** Names the Network that a Service belongs to. */
export const ANNOTATION_SERVICE_NETWORK = 'warren.dev/network';

const serviceSchema = z.object({
  apiVersion: z.literal('v1'),
  kind: z.literal('Service'),
  metadata: metaSchema.extend({ namespace: z.string() }),
  spec: z
    .object({
      /** `None` for a headless Service. */
      clusterIP: z.string().optional(),
      selector: z.record(z.string(), z.string()).optional(),
      ports: z.array(z.object({ port: z.number(), protocol: z.string().default('TCP') })).default([]),
    })
    .prefault({}),
});
export type Service = z.infer<typeof serviceSchema>;

export const services: Resource<Service> = {
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
  schema: serviceSchema,
};
