/** An attachment with eth0 and one overlay interface, for tests that only care about some of its fields. */
import { parseHostPrefix, parseIp, parsePrefix } from '../../../lib/net/address.ts';
import { parseIfName } from '../../../lib/net/ifname.ts';
import { parseMac } from '../../../lib/net/mac.ts';
import { must } from '../../../lib/net/result.ts';
import { parseVni } from '../../../lib/net/vni.ts';
import type { Attachment } from '../../../lib/store/attachment.ts';

export function exampleAttachment(overrides: Partial<Attachment>): Attachment {
  const subnet = { cidr: must(parsePrefix('10.0.0.0/24')), gateway: must(parseIp('10.0.0.1')) };
  return {
    version: 1,
    containerID: 'c1',
    ifname: must(parseIfName('eth0')),
    configName: 'warren',
    netns: '/run/netns/c1',
    pod: { namespace: 'default', name: 'web', uid: '1111' },
    state: 'attached',
    interfaces: [
      {
        on: { kind: 'gateway' },
        ifname: must(parseIfName('eth0')),
        mac: must(parseMac('02:42:ac:14:00:02')),
        mtu: 1450,
        addresses: [must(parseHostPrefix('172.20.0.2/24'))],
      },
      {
        on: {
          kind: 'overlay',
          network: 'blue',
          endpoint: 'blue.10.0.0.2',
          endpointUID: '2222',
          vni: must(parseVni(4097)),
          subnets: [subnet],
        },
        ifname: must(parseIfName('net1')),
        mac: must(parseMac('02:42:0a:00:00:02')),
        mtu: 1450,
        addresses: [must(parseHostPrefix('10.0.0.2/24'))],
      },
    ],
    ...overrides,
  };
}
