/** Addresses of eth0: the node's own gateway subnets, given out by the node alone, so that a pod starts without the API server. */
import { CNI_CODE, CniError } from '../api/cni.ts';
import type { RequestedIp } from '../api/requested-ip.ts';
import { gatewayAddress } from '../gateway/desired.ts';
import { chooseAddresses } from '../ipam/address.ts';
import { type IpAddress, type Prefix, prefixAddress } from '../net/address.ts';
import type { IfName } from '../net/ifname.ts';
import { macFromIp } from '../net/mac.ts';
import type { InterfaceRecord } from '../store/attachment.ts';
import { addressFailure } from './failure.ts';

export interface GatewayAddresses {
  /** The caller records it in the journal before anyone else can ask. Throws CniError. */
  take(subnets: readonly Prefix[], ifname: IfName, mtu: number, wanted: readonly RequestedIp[]): InterfaceRecord;
  /** Whether another pod would get an address. */
  hasFree(subnets: readonly Prefix[]): boolean;
}

/** `recorded` are the addresses that the journal has. */
export function createGatewayAddresses(recorded: () => Iterable<IpAddress>): GatewayAddresses {
  let cursor: IpAddress | undefined;

  const choose = (subnets: readonly Prefix[], wanted: readonly IpAddress[]) =>
    chooseAddresses({
      network: 'gateway of this node',
      subnets: subnets.map((cidr) => ({ cidr, gateway: gatewayAddress(cidr) })),
      inUse: new Set(recorded()),
      wanted,
      ...(cursor === undefined ? {} : { cursor }),
    });

  return {
    take: (subnets, ifname, mtu, wanted) => {
      const chosen = choose(
        subnets,
        wanted.map((one) => one.ip),
      );
      if (!chosen.ok) throw addressFailure(chosen.error);
      const [first, ...rest] = chosen.value;
      if (first === undefined) throw new CniError(CNI_CODE.tryAgainLater, 'this node has no gateway subnet yet');
      cursor = prefixAddress(first);
      return { on: { kind: 'gateway' }, ifname, mac: macFromIp(cursor), mtu, addresses: [first, ...rest] };
    },
    hasFree: (subnets) => choose(subnets, []).ok,
  };
}
