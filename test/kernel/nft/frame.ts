// Ethernet frames as bytes, for what a well-behaved kernel would never send.
import { type IpAddress, ipToBytes } from '../../../lib/net/address.ts';
import { type Mac, macToBytes } from '../../../lib/net/mac.ts';

export const BROADCAST = 'ff:ff:ff:ff:ff:ff' as Mac;

const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 255);

export const ethernet = (from: Mac, to: Mac, type: number, payload: Buffer): Buffer =>
  Buffer.concat([macToBytes(to), macToBytes(from), u16(type), payload]);

/** 802.1Q. */
export const tagged = (from: Mac, to: Mac, vlan: number, type: number, payload: Buffer): Buffer =>
  ethernet(from, to, 0x8100, Buffer.concat([u16(vlan), u16(type), payload]));

/** A reply that claims `ip` for `mac`. */
export function arpReply(mac: Mac, ip: IpAddress): Buffer {
  const head = Buffer.concat([u16(1), u16(0x0800), Buffer.of(6, 4), u16(2)]);
  return Buffer.concat([head, macToBytes(mac), ipToBytes(ip), macToBytes(BROADCAST), ipToBytes(ip)]);
}

/** IPv4 with a UDP datagram that holds `text`. */
export function udp4(from: IpAddress, to: IpAddress, text: string): Buffer {
  const data = Buffer.concat([u16(9), u16(9), u16(8 + text.length), u16(0), Buffer.from(text)]);
  const head = Buffer.concat([Buffer.of(0x45, 0), u16(20 + data.length), u16(0), u16(0), Buffer.of(64, 17)]);
  return withChecksum(Buffer.concat([head, u16(0), ipToBytes(from), ipToBytes(to)]), data);
}

function withChecksum(header: Buffer, data: Buffer): Buffer {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  header.writeUInt16BE(~sum & 0xffff, 10);
  return Buffer.concat([header, data]);
}

/** IPv6 with an ICMPv6 message (RFC 4443), checksum left out: whoever filters does not look at it. */
export function icmp6(from: IpAddress, to: IpAddress, type: number, body: Buffer): Buffer {
  const message = Buffer.concat([Buffer.of(type, 0, 0, 0), body]);
  const head = Buffer.concat([Buffer.of(0x60, 0, 0, 0), u16(message.length), Buffer.of(58, 255)]);
  return Buffer.concat([head, ipToBytes(from), ipToBytes(to), message]);
}

/** Neighbour advertisement with override (RFC 4861 section 4.4): claims `target` for `mac`. */
export const neighbourAdvert = (from: IpAddress, to: IpAddress, target: IpAddress, mac: Mac): Buffer =>
  icmp6(from, to, 136, Buffer.concat([Buffer.of(0x20, 0, 0, 0), ipToBytes(target), Buffer.of(2, 1), macToBytes(mac)]));

/** The VXLAN header (RFC 7348 section 5) before a frame. */
export const vxlan = (vni: number, frame: Buffer): Buffer =>
  Buffer.concat([Buffer.of(8, 0, 0, 0, vni >> 16, (vni >> 8) & 255, vni & 255, 0), frame]);
