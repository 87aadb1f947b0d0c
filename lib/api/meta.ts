/** What every Kubernetes object has, as far as we read it. Unknown fields are dropped: we never write a whole object back. */
import * as z from 'zod';

export const GROUP = 'warren.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
/** Where our own Secrets, Leases and workloads live. */
export const SYSTEM_NAMESPACE = 'warren-system';

/** Labels on NetworkEndpoints: what watchers select by. */
export const LABEL_NETWORK = 'warren.dev/network';
export const LABEL_NODE = 'warren.dev/node';
/** Holds a deleted Network until nothing uses it. */
export const FINALIZER_IN_USE = 'warren.dev/in-use';

export const ownerReferenceSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().optional(),
});

export const metaSchema = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.number().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  finalizers: z.array(z.string()).optional(),
  ownerReferences: z.array(ownerReferenceSchema).optional(),
});
export type ObjectMeta = z.infer<typeof metaSchema>;

/** metav1.Condition. */
export const conditionSchema = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  lastTransitionTime: z.string(),
  observedGeneration: z.number().optional(),
});
export type Condition = z.infer<typeof conditionSchema>;

/** Where a resource lives in the REST API. */
export interface Resource<T> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly schema: z.ZodType<T>;
}
