import { test } from 'tap';
import { readyNetwork, wantedInterfaces } from '../../../lib/agent/wanted.ts';
import { CniError } from '../../../lib/api/cni.ts';
import type { NetConf } from '../../../lib/api/cni-netconf.ts';
import { parseNetConf } from '../../../lib/api/cni-netconf.ts';
import { ifName } from '../dataplane/sample.ts';
import { addCall, networkObject, podObject } from './objects.ts';

const conf = (change: object = {}): NetConf =>
  parseNetConf({ cniVersion: '1.1.0', name: 'warren', type: 'warren', ...change }, 'ADD');
const pod = (networks?: string) =>
  podObject(networks === undefined ? {} : { annotations: { 'warren.dev/networks': networks } });
const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof CniError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing was refused';
};

void test('which interfaces an ADD asks for', (t) => {
  const rows: readonly (readonly [what: string, found: unknown, expected: unknown])[] = [
    ['a pod that says nothing', wantedInterfaces(addCall(), conf(), pod()), { gateway: 'eth0', overlays: [] }],
    ['no pod at all', wantedInterfaces(addCall(), conf(), undefined), { gateway: 'eth0', overlays: [] }],
    ['an empty annotation', wantedInterfaces(addCall(), conf(), pod('')), { gateway: 'eth0', overlays: [] }],
  ];
  for (const [what, found, expected] of rows) t.strictSame(found, expected, what);
  const two = wantedInterfaces(addCall({ ifname: ifName('eth5') }), conf(), pod('blue,green@lan0'));
  t.equal(two.gateway, 'eth5');
  t.strictSame(
    two.overlays.map((one) => `${one.network} ${one.interface}`),
    ['blue net1', 'green lan0'],
  );
  t.end();
});

void test('a configuration that names a network asks for that alone, whatever the pod says', (t) => {
  const runtimeConfig = { ips: ['10.0.0.9/24'], mac: '02:00:00:00:00:09', aliases: ['db'] };
  const call = addCall({ ifname: ifName('net7') });
  t.strictSame(wantedInterfaces(call, conf({ network: 'blue', runtimeConfig }), pod('green')), {
    gateway: undefined,
    overlays: [
      {
        ...{ network: 'blue', interface: 'net7', ips: [{ ip: '10.0.0.9', prefixLength: 24 }] },
        ...{ aliases: ['db'], mac: '02:00:00:00:00:09' },
      },
    ],
  });
  t.end();
});

void test('an annotation that cannot be carried out is refused', (t) => {
  t.equal(
    refusal(() => wantedInterfaces(addCall({ ifname: ifName('net1') }), conf(), pod('blue'))),
    '7 annotation warren.dev/networks: network blue asks for the interface name "net1", which is the pod\'s own: choose another',
  );
  t.equal(
    refusal(() => wantedInterfaces(addCall(), conf(), pod('[{"name":"blue","default-route":["10.0.0.1"]}]'))),
    '7 annotation warren.dev/networks: network blue asks for a default-route, which this version cannot provide: remove the key',
  );
  t.equal(
    refusal(() => wantedInterfaces(addCall(), conf(), pod('blue@'))),
    '7 annotation warren.dev/networks: entry 1 ("blue@"): "" is not an interface name: 1 to 15 characters, no space, "/" or ":", not "." or ".."',
  );
  t.end();
});

const condition = (type: string, status: string, message: string) => ({
  ...{ type, status, message, reason: 'Because', lastTransitionTime: '2026-01-01T00:00:00Z' },
});
const ours = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: '1', controller: true };
const refused: readonly (readonly [what: string, network: Parameters<typeof readyNetwork>[1], message: string])[] = [
  ['is not there', undefined, '100 network blue does not exist: create it, or correct the name in the annotation'],
  [
    'is going',
    networkObject('blue', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    '101 network blue is not ready: it is being deleted',
  ],
  [
    'was refused by the controller',
    networkObject('blue', { status: { conditions: [condition('Accepted', 'False', 'vni 7 is taken by green')] } }),
    '101 network blue is not ready: vni 7 is taken by green',
  ],
  [
    'has no VNI yet',
    networkObject('blue', { status: { vni: undefined } }),
    '101 network blue is not ready: the controller has not allocated its subnets yet; see "kubectl describe network"',
  ],
  [
    'has no subnet yet',
    networkObject('blue', { status: { subnets: [] } }),
    '101 network blue is not ready: the controller has not allocated its subnets yet; see "kubectl describe network"',
  ],
  [
    'is for controlled pods only',
    networkObject('blue', { spec: { attachable: false } }),
    '102 network blue is not attachable: a pod without a controller may join it only with spec.attachable: true',
  ],
];
void test('a network that', (t) => {
  for (const [what, network, message] of refused)
    t.equal(
      refusal(() => readyNetwork('blue', network, podObject())),
      message,
      what,
    );
  t.end();
});

void test('a network that may be joined', (t) => {
  const closed = networkObject('blue', { spec: { attachable: false } });
  t.match(readyNetwork('blue', closed, podObject({ ownerReferences: [ours] })), { vni: 4097 }, 'by a controlled pod');
  const owned = podObject({ ownerReferences: [{ ...ours, controller: false }] });
  t.match(
    refusal(() => readyNetwork('blue', closed, owned)),
    /^102 /,
    'but not by one that is merely owned',
  );
  t.match(
    refusal(() => readyNetwork('blue', closed, undefined)),
    /^102 /,
    'nor by a container without a pod',
  );
  const unready = networkObject('blue', { status: { conditions: [condition('Ready', 'False', 'no node has it')] } });
  t.match(
    readyNetwork('blue', unready, podObject()),
    { vni: 4097 },
    'Ready follows from endpoints: it does not gate them',
  );
  t.end();
});
