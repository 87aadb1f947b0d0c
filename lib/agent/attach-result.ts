/** What an ADD answers, from what the journal keeps of it. */
import { attachedResult, type Attached, type CniResult } from '../api/cni-result.ts';
import { gatewayAddress } from '../gateway/desired.ts';
import { family, type Prefix, prefixAddress, prefixContains } from '../net/address.ts';
import type { Attachment, InterfaceRecord } from '../store/attachment.ts';
import type { View } from './view.ts';

export function attachmentResult(view: View, attachment: Attachment): CniResult {
  const [primary, ...others] = attachment.interfaces.map((one) => attachedOf(view, one));
  if (primary === undefined) throw new Error('an attachment has an interface');
  return attachedResult(attachment.netns, primary, others);
}

function attachedOf(view: View, one: InterfaceRecord): Attached {
  const { ifname, mac, mtu, on } = one;
  const subnets: readonly Prefix[] = on.kind === 'gateway' ? view.node.gatewaySubnets : [];
  const addresses = one.addresses.map((address) => {
    const subnet = subnets.find((candidate) => prefixContains(candidate, prefixAddress(address)));
    return subnet === undefined ? { address } : { address, gateway: gatewayAddress(subnet) };
  });
  const routes = addresses.flatMap(({ address, gateway }) => {
    const dst = (family(address) === 4 ? '0.0.0.0/0' : '::/0') as Prefix;
    return gateway === undefined ? [] : [{ dst, gw: gateway }];
  });
  return { ifname, mac, mtu, addresses, routes };
}
