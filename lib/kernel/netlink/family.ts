/** Address families of netlink headers (linux/socket.h). */
import { type HostPrefix, type IpAddress, type Prefix, family } from '../../net/address.ts';

export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_BRIDGE = 7;
export const AF_INET6 = 10;

export const addressFamily = (ip: IpAddress | Prefix | HostPrefix): number => (family(ip) === 6 ? AF_INET6 : AF_INET);
