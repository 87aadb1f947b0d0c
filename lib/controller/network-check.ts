/** What is wrong with a Network's spec that its schema cannot see. Each problem says what to write instead. */
import { networkViolation } from '../api/network-rules.ts';
import type { Network } from '../api/network.ts';
import type { Vni } from '../net/vni.ts';
import type { Problem } from './claim.ts';

/** The first problem; undefined for a spec that can be carried out. `vni` is the one in use, if there is one. */
export function checkNetwork(network: Network, vni: Vni | undefined): Problem | undefined {
  return notSupported(network) ?? changed(network, vni) ?? violation(network);
}

const LATER = {
  encrypted: 'encryption',
  internal: 'pods that reach nothing but their network',
  ingress: 'an ingress network',
  multicast: 'multicast between nodes',
} as const;

/** A network must not come up without what its user relies on. */
function notSupported({ spec }: Network): Problem | undefined {
  for (const field of ['encrypted', 'internal', 'ingress', 'multicast'] as const) {
    if (!spec[field]) continue;
    const message = `spec.${field}: this version cannot provide ${LATER[field]}: remove the field or wait for a later one`;
    return { reason: 'NotSupportedYet', message };
  }
  return undefined;
}

/** Containers use what was given out: it cannot be exchanged under them. */
function changed({ spec }: Network, vni: Vni | undefined): Problem | undefined {
  if (spec.vni === undefined || vni === undefined || spec.vni === vni) return undefined;
  const message = `spec.vni: ${spec.vni} cannot replace ${vni}, which the network uses: set it back, or create another network`;
  return { reason: 'Immutable', message };
}

/** The API server refuses it; what was stored before a rule came is met here. */
function violation(network: Network): Problem | undefined {
  const found = networkViolation(network);
  if (found === undefined) return undefined;
  const reason = found.field.startsWith('spec.subnets') ? 'InvalidSubnet' : 'Invalid';
  return { reason, message: `${found.field}: ${found.message}` };
}
