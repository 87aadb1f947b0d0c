/**
 * NetworkClaim (`wclaim`): the lock on a subnet, a VNI, or being the ingress network. The name is the value, so two
 * controllers that both believe they lead cannot give one value twice (as core IPAddress objects do for Service IPs).
 */
import * as z from 'zod';
import { prefixAddress, type Prefix, prefixLength } from '../net/address.ts';
import type { Vni } from '../net/vni.ts';
import { API_VERSION, GROUP, metaSchema, type Resource, VERSION } from './meta.ts';
import { addressLabel } from './network-endpoint.ts';

export const networkClaimSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('NetworkClaim'),
  metadata: metaSchema,
  spec: z.object({
    /** `10.0.0.0/24`, `4097` or `ingress`. */
    value: z.string(),
    /** The pool that it came from. */
    pool: z.string().optional(),
    holder: z.object({ kind: z.enum(['Network', 'NodePeer']), name: z.string(), uid: z.string() }),
  }),
});
export type NetworkClaim = z.infer<typeof networkClaimSchema>;

export const networkClaims: Resource<NetworkClaim> = {
  group: GROUP,
  version: VERSION,
  kind: 'NetworkClaim',
  plural: 'networkclaims',
  namespaced: false,
  schema: networkClaimSchema,
};

/** `subnet.10.0.0.0.24`. A subnet that the spec names is not claimed: networks may overlap on purpose. */
export const subnetClaimName = (prefix: Prefix): string =>
  `subnet.${addressLabel(prefixAddress(prefix))}.${prefixLength(prefix)}`;
export const vniClaimName = (vni: Vni): string => `vni.${vni}`;
/** Name and value: the ingress network has this one, so a policy can refuse a second (deploy/policies/ingress.yaml). */
export const INGRESS_CLAIM = 'ingress';
