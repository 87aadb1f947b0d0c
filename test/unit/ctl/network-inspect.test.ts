import { test } from 'tap';
import type { Pod } from '../../../lib/api/core.ts';
import type { Service } from '../../../lib/api/service.ts';
import { inspectDocument } from '../../../lib/ctl/network-inspect.ts';
import { serviceViews } from '../../../lib/ctl/service-view.ts';
import { plainOf } from '../../../lib/ctl/template-value.ts';
import { CREATED, endpoint, network, peer } from './objects.ts';

// What `docker network inspect` prints of a swarm overlay, in its order: the reference of docker's API.
const FIELDS = [
  ...['Name', 'Id', 'Created', 'Scope', 'Driver', 'EnableIPv4', 'EnableIPv6', 'IPAM', 'Internal', 'Attachable'],
  ...['Ingress', 'ConfigFrom', 'ConfigOnly', 'Containers', 'Options', 'Labels', 'Peers'],
];
const IPAM_FIELDS = ['Driver', 'Options', 'Config'];
const CONFIG_FIELDS = ['Subnet', 'IPRange', 'Gateway', 'AuxiliaryAddresses'];
const CONTAINER_FIELDS = ['Name', 'EndpointID', 'MacAddress', 'IPv4Address', 'IPv6Address'];
const PEER_FIELDS = ['Name', 'IP'];
const SERVICE_FIELDS = ['VIP', 'Ports', 'Tasks'];
const TASK_FIELDS = ['Name', 'EndpointID', 'EndpointIP', 'Info'];

interface Inspected {
  readonly IPAM: { readonly Config: readonly object[] };
  readonly Containers: Readonly<Record<string, object>>;
  readonly Peers: readonly object[];
  readonly Services: Readonly<Record<string, { readonly Tasks: readonly object[] }>>;
}

const blue = network('blue', {
  spec: { encrypted: true, attachable: true },
  metadata: { labels: { team: 'a' } },
  status: {
    subnets: [
      { cidr: '10.0.0.0/24', gateway: '10.0.0.1', ipRange: '10.0.0.128/25', reserved: { router: '10.0.0.9' } },
      { cidr: 'fd00::/64', gateway: 'fd00::1' },
    ],
  },
});
const endpoints = [
  endpoint('blue', '10.0.0.2/24', { node: 'n1', container: 'c1' }),
  endpoint('blue', '10.0.0.3/24', { node: 'n2', container: 'c2', pod: 'web-2' }),
  endpoint('blue', '10.0.0.4/24', { node: 'n2', container: 'c2', pod: 'web-2', ifname: 'net2' }),
  endpoint('blue', '10.0.0.5/24', { node: 'n2', container: 'outside-of-kubernetes', pod: null }),
];
const peers = [
  peer('n1', { status: { networks: ['blue'] } }),
  peer('n2', { status: { networks: ['blue'] } }),
  peer('n3'),
];

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', uid: 's', resourceVersion: '1' },
  spec: { clusterIP: '10.0.0.200', selector: { app: 'web' }, ports: [{ port: 80, protocol: 'TCP' }] },
} satisfies Service;
const pod = (name: string, labels: Record<string, string>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-of-${name}`, resourceVersion: '1', labels },
  spec: {},
  status: {},
});

const services = serviceViews({
  services: [service],
  pods: [pod('web-1', { app: 'web' }), pod('web-2', { app: 'other' }), pod('web-9', { app: 'web' })],
  endpoints,
  peers,
});
const inspect = (verbose: boolean) =>
  plainOf(inspectDocument({ network: blue, endpoints, peers, services: verbose ? services : undefined })) as Inspected;

test("the document has docker's fields, no more and no fewer", (t) => {
  const shown = inspect(false);
  t.strictSame(Object.keys(shown), FIELDS);
  t.strictSame(Object.keys(shown.IPAM), IPAM_FIELDS);
  for (const config of shown.IPAM.Config) t.strictSame(Object.keys(config), CONFIG_FIELDS);
  for (const container of Object.values(shown.Containers)) t.strictSame(Object.keys(container), CONTAINER_FIELDS);
  for (const one of shown.Peers) t.strictSame(Object.keys(one), PEER_FIELDS);
  t.end();
});

test('verbose adds services with their tasks', (t) => {
  const shown = inspect(true);
  t.strictSame(Object.keys(shown), [...FIELDS, 'Services']);
  const web = shown.Services['default/web']!;
  t.strictSame(Object.keys(web), SERVICE_FIELDS);
  t.strictSame(Object.keys(web.Tasks[0]!), TASK_FIELDS);
  t.strictSame(web, {
    VIP: '10.0.0.200',
    Ports: ['80/TCP'],
    Tasks: [{ Name: 'web-1', EndpointID: 'blue.10.0.0.2', EndpointIP: '10.0.0.2', Info: { 'Host IP': '172.30.0.11' } }],
  });
  t.end();
});

test('it shows the containers and nodes of the whole cluster', (t) => {
  const shown: object = inspect(false);
  t.match(shown, {
    ...{ Name: 'blue', Id: 'uid-of-blue', Created: CREATED, Scope: 'cluster', Driver: 'overlay' },
    ...{ EnableIPv4: true, EnableIPv6: true, Internal: false, Attachable: true, Ingress: false },
    Labels: { team: 'a' },
    Options: { encrypted: '', 'com.docker.network.driver.overlay.vxlanid_list': '4097' },
    IPAM: {
      Config: [
        {
          Subnet: '10.0.0.0/24',
          IPRange: '10.0.0.128/25',
          Gateway: '10.0.0.1',
          AuxiliaryAddresses: { router: '10.0.0.9' },
        },
        { Subnet: 'fd00::/64', IPRange: '', Gateway: 'fd00::1', AuxiliaryAddresses: {} },
      ],
    },
    Peers: [
      { Name: 'n1', IP: '172.30.0.11' },
      { Name: 'n2', IP: '172.30.0.12' },
    ],
  });
  t.strictSame(
    Object.entries(inspect(false).Containers).map(([id, one]) => [id, Object.values(one)[0] as string]),
    [
      ['c1', 'default/web-1'],
      ['c2', 'default/web-2'],
      ['c2/net2', 'default/web-2'],
      ['outside-of-kubernetes', 'outside-of-k'],
    ],
  );
  t.end();
});
