/**
 * The source check of a bridge's ports: what an endpoint sends must bear its own MAC and its own addresses, in Ethernet, ARP,
 * IP and neighbour discovery. The table is the same for every endpoint; what is allowed are elements of its sets.
 */
import { family, type IpAddress, ipToBytes } from '../net/address.ts';
import type { IfName } from '../net/ifname.ts';
import type { Mac } from '../net/mac.ts';
import type { NftElement, NftJson, NftRule, NftSet, NftTable } from './nft.ts';
import { accept, concat, counter, differs, drop, equals, meta, payload, raw, rule, setMark } from './nft-rule.ts';
import type { NetnsRef } from './object.ts';
import { NFT_TABLE } from './owner.ts';

/** Before any chain of an administrator, who can restrict further and never admit what this table drops. */
const PRIORITY = -300;
const SETS: readonly NftSet[] = [
  { name: 'ep4', type: ['ifname', 'ether_addr', 'ipv4_addr'] },
  { name: 'ep6', type: ['ifname', 'ether_addr', 'ipv6_addr'] },
  { name: 'nd6', type: ['ifname', 'ether_addr', 'mark'] },
];

/** `table bridge warren`. `first` is the rule that accepts what is not from an endpoint, and others before the check; the rest is dropped. */
export function antispoofTable(netns: NetnsRef, policy: 'accept' | 'drop', ...first: NftRule[]): NftTable {
  const rules = [...first, arpRule(), ipRule(), ...ndRules(), ip6Rule(), rule('spoofed source', counter, drop)];
  const chain = { type: 'filter', hook: 'prerouting', priority: PRIORITY, policy } as const;
  return {
    kind: 'nft-table',
    netns,
    family: 'bridge',
    name: NFT_TABLE,
    sets: SETS,
    chains: [{ name: 'prerouting', ...chain, rules }],
  };
}

/** What admits one endpoint's frames. */
export function endpointElements(netns: NetnsRef, port: IfName, mac: Mac, sources: readonly IpAddress[]): NftElement[] {
  const element = (set: string, last: string): NftElement => {
    return { kind: 'nft-element', netns, family: 'bridge', table: NFT_TABLE, set, key: [port, mac, last] };
  };
  const six = sources.filter((ip) => family(ip) === 6);
  return [
    ...sources.filter((ip) => family(ip) === 4).map((ip) => element('ep4', ip)),
    ...six.map((ip) => element('ep6', ip)),
    ...[...new Set(six.map(targetMark))].map((mark) => element('nd6', mark)),
  ];
}

const from = (...parts: NftJson[]): NftJson => concat(meta('iifname'), ...parts);
const etherSource = payload('ether', 'saddr');

/** The two look-ups admit one MAC for a port, so the sender in Ethernet and the sender in ARP are the same. */
function arpRule(): NftRule {
  const ip = payload('arp', 'saddr ip');
  return rule(
    'ARP in its own name',
    equals(from(etherSource, ip), '@ep4'),
    equals(from(payload('arp', 'saddr ether'), ip), '@ep4'),
    accept,
  );
}

const ipRule = (): NftRule =>
  rule('IPv4 from its own address', equals(from(etherSource, payload('ip', 'saddr')), '@ep4'), accept);
const ip6Rule = (): NftRule =>
  rule('IPv6 from its own address', equals(from(etherSource, payload('ip6', 'saddr')), '@ep6'), accept);

/**
 * An advertisement claims the address in its target field (RFC 4861 section 4.4), whatever its IP source is. nft before 1.0.8
 * has no name for that field and does not look raw bytes up in a set, so the last four bytes go by way of the mark.
 */
function ndRules(): NftRule[] {
  const type = payload('icmpv6', 'type');
  const isAdvert = equals(type, 'nd-neighbor-advert');
  const router = ['nd-router-advert', 'nd-redirect'].map((message) => equals(type, message));
  return [
    ...router.map((isRouter) => rule('no endpoint is a router', isRouter, counter, drop)),
    rule('the address that is advertised', isAdvert, setMark(raw('th', 160, 32))),
    rule('advertises a stranger', isAdvert, differs(from(etherSource, meta('mark')), '@nd6'), counter, drop),
    rule('the mark was only borrowed', isAdvert, setMark(0)),
  ];
}

function targetMark(ip: IpAddress): string {
  const tail = Array.from(ipToBytes(ip).subarray(12), (byte) => byte.toString(16).padStart(2, '0'));
  return `0x${tail.join('')}`;
}
