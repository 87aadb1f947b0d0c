/** IP addresses and CIDRs in CEL, as Kubernetes has them (k8s.io/apiserver/pkg/cel/library/ip.go and cidr.go). */
import { isIP } from 'node:net';
import type { Environment } from '@marcbachmann/cel-js';
import ipaddr from 'ipaddr.js';

/** A CEL value of type net.IP. */
export class CelIp {
  readonly family: 4 | 6;
  readonly bits: bigint;
  readonly parsed: ipaddr.IPv4 | ipaddr.IPv6;

  constructor(parsed: ipaddr.IPv4 | ipaddr.IPv6) {
    this.parsed = parsed;
    this.family = parsed.kind() === 'ipv4' ? 4 : 6;
    this.bits = parsed.toByteArray().reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
  }

  /** Canonical text (RFC 5952). */
  toString(): string {
    return this.parsed.kind() === 'ipv4'
      ? this.parsed.toString()
      : ipaddr.IPv6.parse(this.parsed.toString()).toRFC5952String();
  }
}

/** A CEL value of type net.CIDR: an address with a prefix length; host bits may be set. */
export class CelCidr {
  readonly ip: CelIp;
  readonly length: number;

  constructor(ip: CelIp, length: number) {
    this.ip = ip;
    this.length = length;
  }

  get width(): number {
    return this.ip.family === 4 ? 32 : 128;
  }

  prefixOf(bits: bigint): bigint {
    return bits >> BigInt(this.width - this.length);
  }

  contains(ip: CelIp): boolean {
    return ip.family === this.ip.family && this.prefixOf(ip.bits) === this.prefixOf(this.ip.bits);
  }

  masked(): CelCidr {
    const bits = this.prefixOf(this.ip.bits) << BigInt(this.width - this.length);
    return new CelCidr(fromBits(this.ip.family, bits), this.length);
  }

  toString(): string {
    return `${this.ip.toString()}/${this.length}`;
  }
}

function fromBits(family: 4 | 6, bits: bigint): CelIp {
  const bytes = Array.from({ length: family === 4 ? 4 : 16 }, (_, i, size = family === 4 ? 4 : 16) =>
    Number((bits >> BigInt(8 * (size - 1 - i))) & 255n),
  );
  return new CelIp(ipaddr.fromByteArray(bytes));
}

function readIp(text: string): CelIp | undefined {
  if (isIP(text) === 0 || text.includes('%')) return undefined;
  const parsed = ipaddr.parse(text);
  const mapped = parsed.kind() === 'ipv6' && (parsed as ipaddr.IPv6).isIPv4MappedAddress();
  return mapped ? undefined : new CelIp(parsed);
}

function readCidr(text: string): CelCidr | undefined {
  const [, address = '', length = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const ip = readIp(address);
  if (ip === undefined || Number(length) > (ip.family === 4 ? 32 : 128)) return undefined;
  return new CelCidr(ip, Number(length));
}

function toIp(text: string): CelIp {
  const ip = readIp(text);
  if (ip === undefined) throw new Error(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
  return ip;
}

function toCidr(text: string): CelCidr {
  const cidr = readCidr(text);
  if (cidr === undefined) throw new Error('network address parse error during conversion from string');
  return cidr;
}

const isRange = (ip: CelIp, ...ranges: string[]): boolean => ranges.includes(ip.parsed.range());
const isIn = (ip: CelIp, ...cidrs: string[]): boolean => cidrs.some((text) => readCidr(text)?.contains(ip) === true);

function isGlobalUnicast(ip: CelIp): boolean {
  const local = isIn(ip, '0.0.0.0/32', '255.255.255.255/32', '127.0.0.0/8', '224.0.0.0/4', '169.254.0.0/16');
  return !local && !isIn(ip, '::/128', '::1/128', 'ff00::/8', 'fe80::/10');
}

/** Stands for the `ip` in `ip.isCanonical(...)`. */
class IpNamespace {
  readonly name = 'ip';
}

export function registerNetwork(environment: Environment): void {
  environment
    .registerType('IP', { ctor: CelIp, fields: {} })
    .registerType('CIDR', { ctor: CelCidr, fields: {} })
    .registerType('IPNamespace', { ctor: IpNamespace, fields: {} })
    .registerConstant('ip', 'IPNamespace', new IpNamespace())
    .registerOperator('IP == IP', (a: CelIp, b: CelIp) => a.family === b.family && a.bits === b.bits)
    .registerOperator('CIDR == CIDR', (a: CelCidr, b: CelCidr) => a.toString() === b.toString());
  registerIpFunctions(environment);
  registerCidrFunctions(environment);
}

function registerIpFunctions(environment: Environment): void {
  environment
    .registerFunction('ip(string): IP', toIp)
    .registerFunction('isIP(string): bool', (text: string) => readIp(text) !== undefined)
    .registerFunction(
      'IPNamespace.isCanonical(string): bool',
      (_: IpNamespace, text: string) => toIp(text).toString() === text,
    )
    .registerFunction('string(IP): string', (ip: CelIp) => ip.toString())
    .registerFunction('IP.family(): int', (ip: CelIp) => BigInt(ip.family))
    .registerFunction('IP.isUnspecified(): bool', (ip: CelIp) => ip.bits === 0n)
    .registerFunction('IP.isLoopback(): bool', (ip: CelIp) => isRange(ip, 'loopback'))
    .registerFunction('IP.isLinkLocalUnicast(): bool', (ip: CelIp) => isRange(ip, 'linkLocal'))
    .registerFunction('IP.isLinkLocalMulticast(): bool', (ip: CelIp) => isIn(ip, '224.0.0.0/24', 'ff02::/16'))
    .registerFunction('IP.isGlobalUnicast(): bool', isGlobalUnicast);
}

function registerCidrFunctions(environment: Environment): void {
  // A text that does not parse is no argument of the right type, says the real server here.
  const orNoOverload = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('no such overload');
    return value;
  };
  const covers = (outer: CelCidr, inner: CelCidr): boolean => outer.length <= inner.length && outer.contains(inner.ip);
  environment
    .registerFunction('cidr(string): CIDR', toCidr)
    .registerFunction('isCIDR(string): bool', (text: string) => readCidr(text) !== undefined)
    .registerFunction('string(CIDR): string', (cidr: CelCidr) => cidr.toString())
    .registerFunction('CIDR.ip(): IP', (cidr: CelCidr) => cidr.ip)
    .registerFunction('CIDR.masked(): CIDR', (cidr: CelCidr) => cidr.masked())
    .registerFunction('CIDR.prefixLength(): int', (cidr: CelCidr) => BigInt(cidr.length))
    .registerFunction('CIDR.containsIP(IP): bool', (cidr: CelCidr, ip: CelIp) => cidr.contains(ip))
    .registerFunction('CIDR.containsIP(string): bool', (cidr: CelCidr, text: string) =>
      cidr.contains(orNoOverload(readIp(text))),
    )
    .registerFunction('CIDR.containsCIDR(CIDR): bool', covers)
    .registerFunction('CIDR.containsCIDR(string): bool', (outer: CelCidr, text: string) =>
      covers(outer, orNoOverload(readCidr(text))),
    );
}
