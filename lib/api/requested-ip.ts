/** A fixed address that a pod or a runtime asks for: bare, or with the prefix length of its subnet. */
import {
  type Family,
  family,
  type IpAddress,
  parseHostPrefix,
  parseIp,
  prefixAddress,
  prefixLength,
} from '../net/address.ts';
import { err, ok, type Result } from '../net/result.ts';

export interface RequestedIp {
  readonly ip: IpAddress;
  /** When given, it must be that of the subnet. */
  readonly prefixLength?: number;
}

/** `10.0.0.2` or `10.0.0.2/24`. */
export function parseRequestedIp(text: string): Result<RequestedIp> {
  if (!text.includes('/')) {
    const ip = parseIp(text);
    return ip.ok ? ok({ ip: ip.value }) : ip;
  }
  const host = parseHostPrefix(text);
  return host.ok ? ok({ ip: prefixAddress(host.value), prefixLength: prefixLength(host.value) }) : host;
}

/** At most one address of each family: an interface has one address in one subnet. */
export function parseRequestedIps(texts: readonly string[]): Result<readonly RequestedIp[]> {
  const seen = new Map<Family, string>();
  const requested: RequestedIp[] = [];
  for (const text of texts) {
    const parsed = parseRequestedIp(text);
    if (!parsed.ok) return parsed;
    const of = family(parsed.value.ip);
    const other = seen.get(of);
    if (other !== undefined) return err(`"${other}" and "${text}" are both IPv${of}: ask for one address per family`);
    seen.set(of, text);
    requested.push(parsed.value);
  }
  return ok(requested);
}
