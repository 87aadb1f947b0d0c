/** What the journal keeps of one CNI attachment: enough to finish, check or undo it after a crash, without the API server. */
import * as z from 'zod';
import { hostPrefixField, ifNameField, macField, vniField } from '../api/field.ts';
import { allocatedSubnetSchema } from '../api/network.ts';
import type { IfName } from '../net/ifname.ts';

const overlaySchema = z.object({
  kind: z.literal('overlay'),
  /** Name of the Network. */
  network: z.string(),
  /** Name of the NetworkEndpoint that claims the first address. */
  endpoint: z.string(),
  endpointUID: z.string(),
  vni: vniField,
  /** As they were when the container was attached: enough to keep it connected without the API server. */
  subnets: z.array(allocatedSubnetSchema).min(1),
});
export type OverlayRecord = z.infer<typeof overlaySchema>;
const gatewaySchema = z.object({ kind: z.literal('gateway') });

const interfaceSchema = z.object({
  on: z.discriminatedUnion('kind', [gatewaySchema, overlaySchema]),
  /** Inside the container. */
  ifname: ifNameField,
  mac: macField,
  mtu: z.number().int(),
  addresses: z.array(hostPrefixField).min(1),
});
export type InterfaceRecord = z.infer<typeof interfaceSchema>;

export const attachmentSchema = z.object({
  version: z.literal(1),
  containerID: z.string().min(1),
  /** CNI_IFNAME of the ADD: with the container's id, the key. */
  ifname: ifNameField,
  /** `name` of the CNI configuration, which is what GC is asked about. */
  configName: z.string(),
  netns: z.templateLiteral(['/', z.string()]),
  pod: z.object({ namespace: z.string(), name: z.string(), uid: z.string() }).optional(),
  /** `attached` while an ADD is carried out and after it: a start after a crash finishes it. `releasing` is finished likewise. */
  state: z.enum(['attached', 'releasing']),
  interfaces: z.array(interfaceSchema),
});
export type Attachment = z.infer<typeof attachmentSchema>;

export const attachmentKey = (containerID: string, ifname: IfName): string => `${containerID}.${ifname}`;
export const keyOf = (attachment: Attachment): string => attachmentKey(attachment.containerID, attachment.ifname);
