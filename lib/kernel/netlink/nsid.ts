/** RTM_*NSID (linux/net_namespace.h): the numbers by which one namespace knows others, `ip netns set` and `list-id`. */
import { attribute, i32Attribute, readAttributes, u32Attribute } from './attribute.ts';
import { atLeast, readI32 } from './bytes.ts';

export const RTM_NEWNSID = 88;
export const RTM_DELNSID = 89;
export const RTM_GETNSID = 90;
/** As a wish: any free number. As an answer: none is assigned. */
export const NSID_NONE = -1;

const NETNSA_NSID = 1;
const NETNSA_FD = 3;
/** struct rtgenmsg, padded. */
const HEADER = 4;

/** About the namespace of an open file; `nsid` is for RTM_NEWNSID. */
export const encodeNsid = (fd: number, nsid?: number): Buffer =>
  Buffer.concat([Buffer.alloc(HEADER), i32Attribute(NETNSA_NSID, nsid), u32Attribute(NETNSA_FD, fd)]);

/** Throws NetlinkDecodeError. */
export function decodeNsid(payload: Buffer): number {
  const attributes = readAttributes(atLeast(HEADER, payload, 'struct rtgenmsg').subarray(HEADER));
  return attribute(attributes, NETNSA_NSID, readI32) ?? NSID_NONE;
}
