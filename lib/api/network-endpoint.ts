/**
 * NetworkEndpoint (`wep`): one interface of one container on one network. Its name claims its first address, so the API
 * server's uniqueness is the allocator's lock; it is also the record by which other nodes reach the endpoint.
 */
import * as z from 'zod';
import { family, type IpAddress, ipToBytes } from '../net/address.ts';
import { hostPrefixField, ifNameField, macField } from './field.ts';
import { API_VERSION, GROUP, metaSchema, type Resource, VERSION } from './meta.ts';

export const networkEndpointSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('NetworkEndpoint'),
  metadata: metaSchema,
  spec: z.object({
    network: z.string(),
    /** With the prefix length of their subnet: `10.0.0.2/24`. The first one is the claim. */
    addresses: z.array(hostPrefixField).min(1),
    mac: macField,
    nodeName: z.string(),
    /** Its name inside the container. */
    interface: ifNameField,
    containerID: z.string(),
    pod: z.object({ namespace: z.string(), name: z.string(), uid: z.string() }).optional(),
    names: z.array(z.string()).default([]),
  }),
});
export type NetworkEndpoint = z.infer<typeof networkEndpointSchema>;

export const networkEndpoints: Resource<NetworkEndpoint> = {
  group: GROUP,
  version: VERSION,
  kind: 'NetworkEndpoint',
  plural: 'networkendpoints',
  namespaced: false,
  schema: networkEndpointSchema,
};

/** `<network>.<address>`; an IPv6 address as eight groups joined by "-", since ":" is no part of an object name. */
export const endpointName = (network: string, ip: IpAddress): string => `${network}.${addressLabel(ip)}`;

export function addressLabel(ip: IpAddress): string {
  if (family(ip) === 4) return ip;
  const bytes = ipToBytes(ip);
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  return groups.map((group) => group.toString(16).padStart(4, '0')).join('-');
}
