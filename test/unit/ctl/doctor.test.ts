import { test } from 'tap';
import type { Node, Pod } from '../../../lib/api/core.ts';
import {
  agentFindings,
  driftFindings,
  kernelFeatureFindings,
  pluginFindings,
  reachFindings,
  underlayFindings,
} from '../../../lib/ctl/doctor-node.ts';
import { nodeFindings, type NodesInput } from '../../../lib/ctl/doctor-nodes.ts';
import { objectFindings, type ObjectsInput } from '../../../lib/ctl/doctor-objects.ts';
import {
  clockFindings,
  definitionFindings,
  imageFindings,
  kernelFindings,
  leaderFindings,
  serverFindings,
} from '../../../lib/ctl/doctor-versions.ts';
import { type Finding, findingsText, summaryText } from '../../../lib/ctl/finding.ts';
import { plainText } from '../../../lib/ctl/text-style.ts';
import { endpoint, network, notReady, peer, pool } from './objects.ts';

/** What asks for something to be done, as `level check: message`; that each has a remedy is checked on the way. */
function complaints(findings: readonly Finding[]): readonly string[] {
  const bad = findings.filter(({ level }) => level === 'warning' || level === 'failure');
  for (const { message, remedy } of bad) if (remedy === '') throw new Error(`no remedy for: ${message}`);
  return bad.map(({ level, check, message }) => `${level} ${check}: ${message}`);
}

const node = (name: string, address = `172.30.0.1${name.slice(1)}`): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, uid: `uid-of-${name}`, resourceVersion: '1' },
  spec: {},
  status: { addresses: [{ type: 'InternalIP', address }] },
});
const pod = (name: string, networks?: string, uid = `uid-of-${name}`): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    ...{ name, namespace: 'default', uid, resourceVersion: '1' },
    ...(networks === undefined ? {} : { annotations: { 'warren.dev/networks': networks } }),
  },
  spec: {},
  status: {},
});

const healthyNodes: NodesInput = { nodes: [node('n1'), node('n2')], peers: [peer('n1'), peer('n2')], networks: [] };
const joined = { status: { networks: ['blue'] } };
const healthy: ObjectsInput = {
  networks: [network('blue', { status: { endpoints: 1 } })],
  pools: [pool('default')],
  endpoints: [endpoint('blue', '10.0.0.2/24')],
  peers: [peer('n1', joined)],
  pods: [pod('web-1', 'blue')],
  unreadable: [],
};

test('a healthy cluster has nothing to complain about, and every check says what is good', (t) => {
  const all = [...nodeFindings(healthyNodes), ...objectFindings(healthy)];
  t.strictSame(complaints(all), []);
  t.ok(all.every(({ level, message }) => level === 'ok' && message !== ''));
  t.end();
});

test('what is wrong with nodes', (t) => {
  const cases: readonly (readonly [Partial<NodesInput>, RegExp])[] = [
    [{ peers: [peer('n1')] }, /failure nodes: node n2 has no NodePeer/],
    [{ nodes: [node('n1')] }, /warning nodes: NodePeer n2 has no Node/],
    [
      { peers: [peer('n1'), peer('n2', { status: { vteps: [] } })] },
      /failure nodes: the agent of node n2 has not reported/,
    ],
    [
      { peers: [peer('n1'), peer('n2', { spec: { gatewaySubnets: [] } })] },
      /failure nodes: node n2 has no gateway subnet/,
    ],
    [
      { peers: [peer('n1'), peer('n2', { status: { conditions: notReady('no nft') } })] },
      /failure nodes: node n2: no nft/,
    ],
    [
      { peers: [peer('n1'), peer('n2', { status: { vteps: ['172.30.0.11'] } })] },
      /failure addresses: nodes n1 and n2 both have the tunnel address/,
    ],
    [
      { peers: [peer('n1'), peer('n2', { spec: { gatewaySubnets: ['172.20.0.0/16'] } })] },
      /failure addresses: .* share the gateway subnet 172\.20\.1\.0\/24/,
    ],
    [
      { peers: [peer('n1'), peer('n2', { status: { vteps: ['fd30::12'] } })] },
      /failure addresses: .*no address family in common/,
    ],
    [
      { nodes: [node('n1'), node('n2', '192.0.2.2')] },
      /warning addresses: node n2 is reached at 172\.30\.0\.12, but its InternalIP is 192\.0\.2\.2/,
    ],
    [
      { peers: [peer('n1'), peer('n2', { status: { underlayMTU: 9000 } })] },
      /warning MTU: underlay MTU is 1500 on node n1, 9000 on 1 other/,
    ],
    [
      { networks: [network('blue', { spec: { mtu: 1500 } })] },
      /warning MTU: network blue wants MTU 1500, node n1 carries 1450/,
    ],
  ];
  for (const [more, wanted] of cases)
    t.match(complaints(nodeFindings({ ...healthyNodes, ...more })).join('\n'), wanted);
  t.end();
});

test('what is wrong with objects', (t) => {
  const cases: readonly (readonly [Partial<ObjectsInput>, RegExp])[] = [
    [{ unreadable: [{ kind: 'Network', name: 'x', error: 'spec: no' }] }, /failure objects: Network x cannot be read/],
    [{ pools: [] }, /warning pools: no pool is for networks/],
    [{ pools: [pool('p', { status: { free: 0 } })] }, /warning pools: pool p \(10\.0\.0\.0\/8\) is full/],
    [
      { networks: [network('blue', { status: { endpoints: 1, conditions: notReady('full') } })] },
      /failure networks: network blue: full/,
    ],
    [
      { networks: [network('blue', { status: { endpoints: 1, conditions: undefined } })] },
      /failure networks: network blue has no subnet and VNI yet/,
    ],
    [
      { networks: [network('blue', { status: { endpoints: 7 } })] },
      /warning networks: network blue reports 7 endpoints, but there is 1/,
    ],
    [
      { networks: [network('blue', { status: { endpoints: 1, available: 0 } })] },
      /warning networks: network blue has no free address/,
    ],
    [
      { networks: [...healthy.networks, network('green')] },
      /failure networks: networks blue and green both have VNI 4097/,
    ],
    [{ networks: [] }, /failure endpoints: endpoint blue\.10\.0\.0\.2 is on network blue, which does not exist/],
    [{ peers: [] }, /failure endpoints: endpoint blue\.10\.0\.0\.2 is on node n1, which does not exist/],
    [{ peers: [peer('n1')] }, /warning endpoints: node n1 has an endpoint on blue, but does not report/],
    [{ pods: [] }, /warning endpoints: .* belongs to pod default\/web-1, which is gone/],
    [{ pods: [pod('web-1', 'blue', 'another')] }, /warning endpoints: .* which is another one by now/],
    [
      { endpoints: [endpoint('blue', '10.7.0.2/24')] },
      /failure endpoints: .* has 10\.7\.0\.2\/24, which is in no subnet/,
    ],
    [
      { endpoints: [endpoint('blue', '10.0.0.2/24'), endpoint('blue', '10.0.0.2/24')] },
      /failure endpoints: .* both have 10\.0\.0\.2 on blue/,
    ],
    [{ pods: [pod('web-1', 'bleu')] }, /failure pods: pod default\/web-1 asks for network bleu, which does not exist/],
    [{ pods: [pod('web-1', '[{]')] }, /failure pods: pod default\/web-1: .*not valid JSON/],
  ];
  for (const [more, wanted] of cases) t.match(complaints(objectFindings({ ...healthy, ...more })).join('\n'), wanted);
  t.end();
});

const definition = (...fields: readonly string[]) => ({
  spec: {
    versions: [
      {
        schema: {
          openAPIV3Schema: {
            properties: { spec: { properties: Object.fromEntries(fields.map((name) => [name, {}])) } },
          },
        },
      },
    ],
  },
});

test('versions, clocks, definitions and the leader', (t) => {
  const now = new Date('2026-01-01T00:01:00Z');
  const lease = { holderIdentity: 'c1', renewTime: '2026-01-01T00:00:55.000000Z', leaseDurationSeconds: 10 };
  const pair = { name: 'networks.warren.dev', found: definition('mtu', 'vni'), wanted: definition('mtu') };
  const image = { pod: 'p', container: 'warren-agent', image: 'warren:1' };
  for (const [findings, wanted] of [
    [serverFindings('v1.36.3'), ''],
    [serverFindings('v1.31.0-eks'), ''],
    [serverFindings('v1.30.9'), 'failure API server: Kubernetes v1.30.9 is too old'],
    [serverFindings('v2.0.0'), ''],
    [clockFindings(900), ''],
    [clockFindings(-20_000), "warning clock: this machine's clock is 20 s behind the API server's"],
    [clockFindings(180_000), "failure clock: this machine's clock is 180 s ahead of the API server's"],
    [clockFindings(undefined), ''],
    [definitionFindings([pair]), ''],
    [definitionFindings([{ ...pair, found: undefined }]), 'failure definitions: networks.warren.dev is not installed'],
    [
      definitionFindings([{ ...pair, found: definition('vni') }]),
      'warning definitions: networks.warren.dev is of another version: it lacks spec.mtu',
    ],
    [kernelFindings([{ node: 'n1', version: '6.1.0-18-amd64' }]), ''],
    [kernelFindings([{ node: 'n1', version: '5.15.0' }]), 'failure kernels: node n1 runs Linux 5.15.0'],
    [kernelFindings([{ node: 'n1', version: undefined }]), ''],
    [imageFindings([image, image]), ''],
    [
      imageFindings([image, { ...image, image: 'warren:2' }]),
      'warning versions: agents and controller run 2 different images: warren:1, warren:2',
    ],
    [imageFindings([]), ''],
    [leaderFindings(lease, now), ''],
    [leaderFindings(undefined, now), 'failure controller: no controller leads: new networks get no subnet'],
    [
      leaderFindings({ ...lease, holderIdentity: '' }, now),
      'failure controller: no controller leads: new networks get no subnet',
    ],
    [
      leaderFindings({ ...lease, renewTime: '2026-01-01T00:00:00Z' }, now),
      'failure controller: c1 leads, but has been silent for 60 s',
    ],
  ] as const)
    t.equal(complaints(findings).join('\n'), wanted);
  t.end();
});

test('what is wrong on a node', (t) => {
  const plugin = {
    path: '/opt/cni/bin/warren',
    versions: ['1.0.0', '1.1.0'],
    confDir: '/c',
    isConfigured: true,
    shadowedBy: undefined,
  };
  const reach = { node: 'n2', address: '172.20.1.1', vtep: '172.30.0.12', small: true, full: true, size: 1450 };
  const tried = { kind: 'tried', release: '6.1', objects: 36, refused: [] } as const;
  const place = { place: 'the host', what: 'missing', object: 'link warren-gw' } as const;
  for (const [findings, wanted] of [
    [agentFindings({ address: 'a', answer: { status: 200, text: 'ok\n' } }), /^$/],
    [agentFindings({ address: 'a', answer: undefined }), /failure agent: no agent answers at a/],
    [agentFindings({ address: 'a', answer: { status: 503, text: 'agent: starting\n' } }), /not ready: agent: starting/],
    [pluginFindings(plugin), /^$/],
    [pluginFindings({ ...plugin, versions: undefined }), /\/opt\/cni\/bin\/warren cannot be run/],
    [pluginFindings({ ...plugin, isConfigured: false }), /\/c has no configuration/],
    [pluginFindings({ ...plugin, shadowedBy: '05-x.conf' }), /the runtime takes \/c\/05-x\.conf/],
    [kernelFeatureFindings(tried), /^$/],
    [kernelFeatureFindings({ ...tried, refused: [{ object: 'vxlan0', error: 'ENOTSUP' }] }), /refuses vxlan0: ENOTSUP/],
    [kernelFeatureFindings({ kind: 'not tried', reason: 'x' }), /^$/],
    [underlayFindings({ vtep: '1.1.1.1', device: { name: 'eth0', mtu: 1500 }, reportedMtu: 1500 }), /^$/],
    [
      underlayFindings({ vtep: '1.1.1.1', device: { name: 'eth0', mtu: 1400 }, reportedMtu: 1500 }),
      /eth0 has MTU 1400, the agent reported 1500/,
    ],
    [
      underlayFindings({ vtep: '1.1.1.1', device: undefined, reportedMtu: 1500 }),
      /no device of this node has its tunnel address/,
    ],
    [reachFindings([reach]), /^$/],
    [reachFindings([{ ...reach, small: false, full: false }]), /nothing comes back from node n2/],
    [reachFindings([{ ...reach, full: false }]), /packets of 1450 bytes do not reach node n2/],
    [reachFindings([]), /^$/],
    [driftFindings([], 40), /^$/],
    [driftFindings([place], 40), /failure drift: missing in the host: link warren-gw/],
    [
      driftFindings(
        Array.from({ length: 20 }, () => place),
        40,
      ),
      /and 12 more differences/,
    ],
  ] as const)
    t.match(complaints(findings).join('\n'), wanted);
  t.end();
});

test('a finding is a line with its remedy below it, and the end counts them', (t) => {
  const findings = [...serverFindings('v1.30.0'), ...clockFindings(0), ...imageFindings([])];
  t.equal(
    findingsText(findings, plainText),
    `
✗ API server  Kubernetes v1.30.0 is too old
              → upgrade it to 1.31 or later
✓ clock       this machine and the API server agree within a few seconds
– versions    Warren does not run as pods in this cluster: their images would tell its version`.slice(1),
  );
  t.equal(summaryText(findings), '1 failure, 0 warnings, 1 not checked');
  t.equal(summaryText(clockFindings(0)), 'nothing is wrong');
  t.end();
});
