// The tables that Warren really installs, for the driver to install them.
import type { LocalEndpoint } from '../../../lib/dataplane/endpoint.ts';
import type { KernelObject } from '../../../lib/dataplane/object.ts';
import { desiredGateway } from '../../../lib/gateway/desired.ts';
import type { NftObject } from '../../../lib/kernel/nft/contract.ts';
import { parseHostPrefix, parseIp, parsePrefix } from '../../../lib/net/address.ts';
import { parseIfName } from '../../../lib/net/ifname.ts';
import { parseMac } from '../../../lib/net/mac.ts';
import { must } from '../../../lib/net/result.ts';
import { parseVni } from '../../../lib/net/vni.ts';
import { desiredNetwork } from '../../../lib/overlay/desired.ts';

const isNft = (object: KernelObject): object is NftObject =>
  object.kind === 'nft-table' || object.kind === 'nft-element';

const endpoint: LocalEndpoint = {
  containerID: 'c1',
  ifname: must(parseIfName('eth0')),
  sandbox: '/run/netns/c1',
  mac: must(parseMac('02:42:0a:f4:01:02')),
  addresses: [must(parseHostPrefix('10.244.1.2/24')), must(parseHostPrefix('fd00:1::2/64'))],
};
const cidrs = [must(parsePrefix('10.244.1.0/24')), must(parsePrefix('fd00:1::/64'))];

/** Of a host with a pod and a peer, in both families. */
export const hostObjects: readonly NftObject[] = desiredGateway({
  subnets: cidrs,
  mtu: 1450,
  vteps: [must(parseIp('172.30.0.11')), must(parseIp('fd00:30::11'))],
  tunnelPorts: [4789, 4788],
  icc: false,
  masquerade: true,
  endpoints: [endpoint],
  peers: [{ gatewaySubnets: [must(parsePrefix('10.244.2.0/24'))], vteps: [must(parseIp('172.30.0.12'))] }],
}).filter(isNft);

/** Of an overlay network in both families with one endpoint; its namespace is `/run/netns/warren-4097`. */
export const networkObjects: readonly NftObject[] = desiredNetwork({
  netnsDir: '/run/netns',
  vni: must(parseVni(4097)),
  mtu: 1450,
  port: 4789,
  vtep: must(parseIp('172.30.0.11')),
  subnets: cidrs.map((cidr) => ({ cidr, gateway: must(parseIp(cidr.includes(':') ? 'fd00:1::1' : '10.244.1.1')) })),
  local: [endpoint],
  remote: [],
}).filter(isNft);
