/** Tells a pod its addresses, in the annotation that the multi-net-spec has for it. */
import { pods } from '../api/core.ts';
import { ANNOTATION_NETWORK_STATUS, formatNetworkStatus, type NetworkStatus } from '../api/network-status.ts';
import type { KubeClient } from '../kube/client.ts';
import { hasReason } from '../kube/error.ts';
import { prefixAddress } from '../net/address.ts';
import type { Attachment, InterfaceRecord } from '../store/attachment.ts';

/** Throws ApiError; a pod that is gone needs no report. Attachments through Multus are reported by Multus. */
export async function reportAttachment(client: KubeClient, attachment: Attachment): Promise<void> {
  const { pod, interfaces, configName } = attachment;
  const isWholePod = interfaces.some((one) => one.on.kind === 'gateway');
  if (pod === undefined || !isWholePod) return;
  const value = formatNetworkStatus(interfaces.map((one) => statusOf(one, configName)));
  const patch = { metadata: { uid: pod.uid, annotations: { [ANNOTATION_NETWORK_STATUS]: value } } };
  try {
    await client.patch(pods, pod.name, patch, { namespace: pod.namespace });
  } catch (error) {
    // Conflict: the name is another pod's by now.
    if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
  }
}

function statusOf({ on, ifname, addresses, mac, mtu }: InterfaceRecord, configName: string): NetworkStatus {
  const isGateway = on.kind === 'gateway';
  const name = isGateway ? configName : on.network;
  return { name, interface: ifname, ips: addresses.map(prefixAddress), mac, mtu, default: isGateway };
}
