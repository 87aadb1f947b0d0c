/** The fields that `network ls --format` knows: Docker's, and what a Network has besides. */
import type { Network } from '../api/network.ts';
import { family } from '../net/address.ts';
import { ageOf } from './age.ts';
import { labelText } from './labels.ts';
import { DRIVER, SCOPE, subnetsOf } from './network-inspect.ts';
import { readyText } from './object-column.ts';
import type { StructValue } from './template-value.ts';

/** `ID` is cut to 12 characters as Docker's, unless the whole is asked for. */
export function networkFields(network: Network, now: Date, id: 'short' | 'whole'): StructValue {
  const { metadata, spec, status } = network;
  const subnets = subnetsOf(network);
  return {
    ID: id === 'short' ? metadata.uid.slice(0, 12) : metadata.uid,
    Name: metadata.name,
    Driver: DRIVER,
    Scope: SCOPE,
    IPv4: String(subnets.some((subnet) => family(subnet.cidr) === 4)),
    IPv6: String(subnets.some((subnet) => family(subnet.cidr) === 6)),
    Internal: String(spec.internal),
    Labels: labelText(metadata.labels),
    CreatedAt: metadata.creationTimestamp ?? '',
    Subnet: subnets.map((subnet) => subnet.cidr).join(','),
    VNI: String(status.vni ?? ''),
    Encrypted: String(spec.encrypted),
    Attachable: String(spec.attachable),
    Ingress: String(spec.ingress),
    Endpoints: String(status.endpoints ?? ''),
    Available: String(status.available ?? ''),
    Nodes: String(status.nodes ?? ''),
    MTU: String(status.mtu ?? spec.mtu ?? ''),
    Ready: readyText(status.conditions),
    Age: ageOf(metadata.creationTimestamp, now),
  };
}

const HEADERS: Readonly<Record<string, string>> = { ID: 'NETWORK ID', CreatedAt: 'CREATED AT' };

/** What stands above each field in `--format 'table …'`. */
export const networkHeaders = (fields: StructValue): StructValue =>
  Object.fromEntries(Object.keys(fields).map((name) => [name, HEADERS[name] ?? name.toUpperCase()]));
