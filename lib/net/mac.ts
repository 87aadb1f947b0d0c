/** Ethernet addresses as branded lower-case text. */
import { family, type IpAddress, ipFromBytes, ipToBytes } from './address.ts';
import { err, ok, type Result } from './result.ts';

export type Mac = string & { readonly __brand: 'Mac' };

/** A unicast, non-zero address in colon form. */
export function parseMac(text: string): Result<Mac> {
  const wrong = `"${text}" is not a unicast MAC address: write six hex pairs such as 02:42:0a:00:00:02`;
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return err(wrong);
  const mac = text.toLowerCase();
  const isMulticast = (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
  return isMulticast || mac === '00:00:00:00:00:00' ? err(wrong) : ok(mac as Mac);
}

/** From 6 bytes; throws RangeError on any other length. Accepts what a kernel shows, multicast and zero included. */
export function macFromBytes(bytes: Uint8Array): Mac {
  if (bytes.length !== 6) throw new RangeError(`a MAC address has 6 bytes, not ${bytes.length}`);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':') as Mac;
}

export const macToBytes = (mac: Mac): Uint8Array =>
  Uint8Array.from(mac.split(':'), (pair) => Number.parseInt(pair, 16));

/**
 * The address that an endpoint gets from its IP: `02:42` and the four IPv4 bytes, as Docker has it. For IPv6 the
 * last four bytes, which are what tells endpoints of one subnet apart.
 */
export function macFromIp(ip: IpAddress): Mac {
  const bytes = ipToBytes(ip);
  const tail = family(ip) === 4 ? bytes : bytes.subarray(12);
  return macFromBytes(Uint8Array.of(0x02, family(ip) === 4 ? 0x42 : 0x46, ...tail));
}

/** The link-local address that a kernel forms from the MAC: modified EUI-64 (RFC 4291 appendix A). */
export function linkLocalFromMac(mac: Mac): IpAddress {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = macToBytes(mac);
  return ipFromBytes(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f));
}
