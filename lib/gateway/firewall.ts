/**
 * `table inet warren` of the host: who may speak VXLAN, and what is masqueraded. Filter chains only ever drop, so nothing here
 * admits what an administrator's chains refuse.
 */
import type { NftChain, NftElement, NftJson, NftRule, NftTable } from '../dataplane/nft.ts';
import {
  accept,
  anyOf,
  counter,
  differs,
  drop,
  equals,
  hasBits,
  masquerade,
  meta,
  payload,
  range,
  raw,
  rule,
  setMark,
} from '../dataplane/nft-rule.ts';
import { GATEWAY_BRIDGE, NFT_TABLE, POD_NETWORK_LINK } from '../dataplane/owner.ts';
import { family, type IpAddress, type Prefix, prefixAddress, prefixLength } from '../net/address.ts';
import { POD_NETWORK_VNI } from '../net/vni.ts';

const PRIORITY = -300;
/** srcnat in nft(8). */
const NAT_PRIORITY = 100;
/**
 * Marks, between its two passes through postrouting, a packet of the host itself that goes into the pod network's tunnel. One
 * bit, with which no packet leaves the node. To set it takes CAP_NET_ADMIN or CAP_NET_RAW; who has those can write whole frames.
 */
const TUNNELLED = 0x0010_0000;
const UNMARK = 0xffef_ffff;
/** Of the VXLAN header, which follows the 8 bytes of UDP's (RFC 7348 section 5). */
const VNI = raw('th', 96, 24);

export interface FirewallInput {
  readonly ports: readonly number[];
  readonly subnets: readonly Prefix[];
  readonly icc: boolean;
  readonly masquerade: boolean;
}

export function firewallTable(input: FirewallInput): NftTable {
  const toTunnel = equals(payload('udp', 'dport'), anyOf(input.ports));
  const chains = [
    filter('input', inputRules(toTunnel)),
    filter('forward', forwardRules(toTunnel, input.icc)),
    filter('postrouting', postroutingRules(toTunnel)),
    ...(input.masquerade ? [masqueradeChain(input.subnets)] : []),
  ];
  const sets = [
    { name: 'vteps4', type: ['ipv4_addr'] },
    { name: 'vteps6', type: ['ipv6_addr'] },
  ] as const;
  return { kind: 'nft-table', netns: 'host', family: 'inet', name: NFT_TABLE, sets, chains };
}

/** A node that may be heard, and that pods may not send VXLAN to. */
export const vtepElement = (vtep: IpAddress): NftElement => {
  const at = { kind: 'nft-element', netns: 'host', family: 'inet', table: NFT_TABLE } as const;
  return { ...at, set: family(vtep) === 4 ? 'vteps4' : 'vteps6', key: [vtep] };
};

const filter = (hook: 'input' | 'forward' | 'postrouting', rules: readonly NftRule[]): NftChain => {
  return { name: hook, type: 'filter', hook, priority: PRIORITY, policy: 'accept', rules };
};

function inputRules(toTunnel: NftJson): NftRule[] {
  return [
    rule('unknown node', toTunnel, differs(payload('ip', 'saddr'), '@vteps4'), counter, drop),
    rule('unknown node', toTunnel, differs(payload('ip6', 'saddr'), '@vteps6'), counter, drop),
  ];
}

/** A masqueraded datagram bears the node's address and would pass for its VXLAN. Here it has its final destination. */
function forwardRules(toTunnel: NftJson, icc: boolean): NftRule[] {
  const fromPod = equals(meta('iifname'), GATEWAY_BRIDGE);
  const betweenPods = rule('pods are kept apart', fromPod, equals(meta('oifname'), GATEWAY_BRIDGE), counter, drop);
  return [
    rule('a pod is no node', fromPod, toTunnel, counter, drop),
    rule('forwarded to a node', toTunnel, equals(payload('ip', 'daddr'), '@vteps4'), counter, drop),
    rule('forwarded to a node', toTunnel, equals(payload('ip6', 'daddr'), '@vteps6'), counter, drop),
    ...(icc ? [] : [betweenPods]),
  ];
}

/**
 * The kernel's own VXLAN has no socket owner, a process has (CVE-2026-92542). Postrouting and not output: here a local DNAT is
 * already done. What the host itself sends into the pod network keeps its socket inside the tunnel: the mark tells it apart, and
 * opens no other network.
 */
function postroutingRules(toTunnel: NftJson): NftRule[] {
  const hasSocket = equals(meta('skuid'), range(0, 0xffff_ffff));
  const mark = meta('mark');
  const intoPodNetwork = equals(meta('oifname'), POD_NETWORK_LINK);
  const isMarked = [hasBits(mark, TUNNELLED), equals(VNI, POD_NETWORK_VNI)];
  return [
    rule('encapsulated by the kernel', toTunnel, ...isMarked, setMark({ '&': [mark, UNMARK] }), accept),
    rule('sent by a process', toTunnel, hasSocket, counter, drop),
    rule('about to be encapsulated', intoPodNetwork, hasSocket, setMark({ '|': [mark, TUNNELLED] })),
  ];
}

/** What leaves by neither of our devices leaves the cluster. */
function masqueradeChain(subnets: readonly Prefix[]): NftChain {
  const leaves = differs(meta('oifname'), anyOf([GATEWAY_BRIDGE, POD_NETWORK_LINK]));
  const rules = subnets.map((subnet) => {
    const prefix = { prefix: { addr: prefixAddress(subnet), len: prefixLength(subnet) } };
    const source = equals(payload(family(subnet) === 4 ? 'ip' : 'ip6', 'saddr'), prefix);
    return rule('leaves the cluster', source, leaves, masquerade);
  });
  return { name: 'masquerade', type: 'nat', hook: 'postrouting', priority: NAT_PRIORITY, policy: 'accept', rules };
}
