/** What makes a VXLAN device (linux/if_link.h, IFLA_VXLAN_*), as in `ip link add type vxlan`. */
import { type IpAddress, family } from '../../net/address.ts';
import {
  type Attributes,
  attribute,
  flagAttribute,
  ipAttribute,
  readIp,
  u16BeAttribute,
  u32Attribute,
} from './attribute.ts';
import { readFlag, readU16Be, readU32 } from './bytes.ts';
import { defined } from './defined.ts';

export interface VxlanData {
  readonly vni?: number;
  /** UDP port of the VTEPs. */
  readonly port?: number;
  readonly local?: IpAddress;
  readonly learning?: boolean;
}

const IFLA_VXLAN_ID = 1;
const IFLA_VXLAN_LOCAL = 4;
const IFLA_VXLAN_LEARNING = 7;
const IFLA_VXLAN_PORT = 15;
const IFLA_VXLAN_LOCAL6 = 17;

export const encodeVxlan = ({ vni, port, local, learning }: VxlanData): Buffer =>
  Buffer.concat([
    u32Attribute(IFLA_VXLAN_ID, vni),
    ipAttribute(local && family(local) === 6 ? IFLA_VXLAN_LOCAL6 : IFLA_VXLAN_LOCAL, local),
    flagAttribute(IFLA_VXLAN_LEARNING, learning),
    u16BeAttribute(IFLA_VXLAN_PORT, port),
  ]);

/** Throws NetlinkDecodeError. */
export function decodeVxlan(attributes: Attributes): VxlanData {
  const local = attribute(attributes, IFLA_VXLAN_LOCAL, readIp) ?? attribute(attributes, IFLA_VXLAN_LOCAL6, readIp);
  return defined({
    vni: attribute(attributes, IFLA_VXLAN_ID, readU32),
    port: attribute(attributes, IFLA_VXLAN_PORT, readU16Be),
    local,
    learning: attribute(attributes, IFLA_VXLAN_LEARNING, readFlag),
  });
}
