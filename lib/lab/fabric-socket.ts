/** A listening socket on the fabric for a process that stays in the machine's own namespaces. */
import { closeSync } from 'node:fs';
import { checked } from '../kernel/error.ts';
import { bind, setsockopt, socket } from '../kernel/libc.ts';
import { withNetns } from '../kernel/netns/enter.ts';
import { type IpAddress, ipToBytes } from '../net/address.ts';

// From sys/socket.h.
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;

/**
 * A TCP socket bound to an IPv4 address inside the namespace, where it stays; hand it to `server.listen({ fd })`. Throws
 * KernelError.
 */
export function bindInNetns(netns: `/${string}`, ip: IpAddress, port: number): number {
  return withNetns(netns, () => {
    const fd = checked('socket', socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    try {
      checked('setsockopt SO_REUSEADDR', setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, Uint8Array.of(1, 0, 0, 0), 4));
      const address = socketAddress(ip, port);
      checked(`bind to ${ip} port ${port}`, bind(fd, address, address.length));
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  });
}

/** struct sockaddr_in: family in host byte order, port and address in network byte order. */
function socketAddress(ip: IpAddress, port: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  bytes.set(ipToBytes(ip), 4);
  return bytes;
}
