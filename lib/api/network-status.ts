/** The pod annotation that reports a pod's interfaces (multi-net-spec 1.3, section 4.1.3): `kubectl get pod -o yaml` shows it. */
import type { IpAddress } from '../net/address.ts';

export const ANNOTATION_NETWORK_STATUS = 'k8s.v1.cni.cncf.io/network-status';

export interface NetworkStatus {
  /** The Network; for eth0 the name of the CNI configuration. */
  readonly name: string;
  readonly interface: string;
  readonly ips: readonly IpAddress[];
  readonly mac: string;
  readonly mtu?: number;
  /** True for the one interface that Kubernetes takes for the pod's. */
  readonly default: boolean;
  /** Set on the interface that holds the default route. */
  readonly gateway?: readonly IpAddress[];
}

/** The annotation's value, the default interface first. */
export function formatNetworkStatus(statuses: readonly NetworkStatus[]): string {
  const sorted = [...statuses].sort((a, b) => Number(b.default) - Number(a.default));
  return JSON.stringify(sorted.map((status) => ({ ...status, dns: {} })));
}
