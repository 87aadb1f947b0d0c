/** Whether networks, pools, endpoints and pods are as they should be, and fit each other. */
import type { AddressPool } from '../api/address-pool.ts';
import type { Pod } from '../api/core.ts';
import type { Network } from '../api/network.ts';
import type { NetworkEndpoint } from '../api/network-endpoint.ts';
import type { NodePeer } from '../api/node-peer.ts';
import { ANNOTATION_NETWORKS, parsePodNetworks } from '../api/pod-networks.ts';
import { prefixAddress, prefixContains } from '../net/address.ts';
import { counted, failure, type Finding, findingsOf, type Problem, warning } from './finding.ts';
import { didYouMean } from './near-names.ts';
import { containerName } from './network-inspect.ts';
import { conditionOf } from './object-column.ts';

export interface ObjectsInput {
  readonly networks: readonly Network[];
  readonly pools: readonly AddressPool[];
  readonly endpoints: readonly NetworkEndpoint[];
  readonly peers: readonly NodePeer[];
  readonly pods: readonly Pod[];
  /** Objects that are none of their kind, with the reason. */
  readonly unreadable: readonly { readonly kind: string; readonly name: string; readonly error: string }[];
}

export const objectFindings = (input: ObjectsInput): readonly Finding[] => [
  ...findingsOf('objects', input.unreadable.map(unreadableProblem), 'all are readable'),
  ...findingsOf('pools', poolProblems(input.pools), `${counted(input.pools.length, 'pool')} with free subnets`),
  ...findingsOf('networks', networkProblems(input), `${counted(input.networks.length, 'network')}, all ready`),
  ...findingsOf(
    'endpoints',
    endpointProblems(input),
    `${counted(input.endpoints.length, 'endpoint')}, each on its node and of its pod`,
  ),
  ...findingsOf('pods', podProblems(input), 'each names networks that there are'),
];

const unreadableProblem = ({ kind, name, error }: ObjectsInput['unreadable'][number]): Problem =>
  failure(
    `${kind} ${name} cannot be read and is ignored: ${error}`,
    `correct it: kubectl edit ${kind.toLowerCase()} ${name}`,
  );

function poolProblems(pools: readonly AddressPool[]): readonly Problem[] {
  const add = 'warrenctl pool add 10.20.0.0/16 --prefix-length 24';
  const none = pools.some(({ spec }) => spec.purpose === 'network')
    ? []
    : [warning('no pool is for networks: one that names no subnet gets none', `add one: ${add}`)];
  const full = pools
    .filter(({ status }) => status.free === 0)
    .map(({ metadata, spec }) =>
      warning(`pool ${metadata.name} (${spec.cidr}) is full`, `add another: ${add} --purpose ${spec.purpose}`),
    );
  const wrong = pools.flatMap(({ metadata, status }) =>
    (status.conditions ?? [])
      .filter((one) => one.status === 'False' && status.free !== 0)
      .map((one) =>
        warning(`pool ${metadata.name}: ${one.message}`, `look at it: kubectl describe addresspool ${metadata.name}`),
      ),
  );
  return [...none, ...full, ...wrong];
}

function networkProblems({ networks, endpoints }: ObjectsInput): readonly Problem[] {
  const counts = Map.groupBy(endpoints, ({ spec }) => spec.network);
  return [
    ...networks.flatMap((network) => conditionProblems(network)),
    ...networks.flatMap((network) => countProblems(network, counts.get(network.metadata.name)?.length ?? 0)),
    ...vniProblems(networks),
  ];
}

function conditionProblems({ metadata: { name, deletionTimestamp }, status }: Network): readonly Problem[] {
  const ready = conditionOf(status.conditions, 'Ready');
  const look = `look at it: kubectl describe network ${name}`;
  if (deletionTimestamp !== undefined)
    return [warning(`network ${name} is being deleted: ${ready?.message ?? 'something still holds it'}`, look)];
  if (ready === undefined)
    return [
      failure(`network ${name} has no subnet and VNI yet`, 'is the controller running? it decides within seconds'),
    ];
  return ready.status === 'True' ? [] : [failure(`network ${name}: ${ready.message}`, look)];
}

function countProblems({ metadata: { name }, status }: Network, actual: number): readonly Problem[] {
  const full =
    status.available === 0 && status.subnets !== undefined
      ? [warning(`network ${name} has no free address`, 'append a subnet to its spec.subnets')]
      : [];
  if (status.endpoints === undefined || status.endpoints === actual) return full;
  const message = `network ${name} reports ${counted(status.endpoints, 'endpoint')}, but there ${actual === 1 ? 'is' : 'are'} ${actual}`;
  return [...full, warning(message, 'the controller is behind or down: look again, then at its log')];
}

function vniProblems(networks: readonly Network[]): readonly Problem[] {
  const byVni = Map.groupBy(networks, ({ status }) => status.vni);
  return [...byVni].flatMap(([vni, holders]) =>
    vni === undefined || holders.length < 2
      ? []
      : [
          failure(
            `networks ${holders.map(({ metadata }) => metadata.name).join(' and ')} both have VNI ${vni}`,
            'delete one of them and create it again: their traffic mixes',
          ),
        ],
  );
}

function endpointProblems(input: ObjectsInput): readonly Problem[] {
  const networks = new Map(input.networks.map((network) => [network.metadata.name, network]));
  const peers = new Map(input.peers.map((peer) => [peer.metadata.name, peer]));
  const pods = new Map(input.pods.map((pod) => [`${pod.metadata.namespace}/${pod.metadata.name}`, pod.metadata.uid]));
  const each = input.endpoints.flatMap((endpoint) => {
    const problem =
      placeProblem(endpoint, networks.get(endpoint.spec.network), peers.get(endpoint.spec.nodeName)) ??
      ownerProblem(endpoint, pods);
    return problem === undefined ? [] : [problem];
  });
  return [...each, ...addressedTwice(input.endpoints)];
}

function placeProblem(
  { metadata: { name }, spec }: NetworkEndpoint,
  network: Network | undefined,
  peer: NodePeer | undefined,
): Problem | undefined {
  const remove = `if its container is gone: kubectl delete networkendpoint ${name}`;
  if (network === undefined)
    return failure(`endpoint ${name} is on network ${spec.network}, which does not exist`, remove);
  if (peer === undefined) return failure(`endpoint ${name} is on node ${spec.nodeName}, which does not exist`, remove);
  const subnets = network.status.subnets ?? [];
  const outside = spec.addresses.find((one) => !subnets.some(({ cidr }) => prefixContains(cidr, prefixAddress(one))));
  if (outside !== undefined)
    return failure(`endpoint ${name} has ${outside}, which is in no subnet of ${spec.network}`, 'recreate its pod');
  if (peer.status.incarnation !== undefined && !peer.status.networks.includes(spec.network))
    return warning(
      `node ${spec.nodeName} has an endpoint on ${spec.network}, but does not report that network`,
      `run "doctor --node" there: it compares with the kernel`,
    );
  return undefined;
}

function ownerProblem(
  { metadata: { name }, spec }: NetworkEndpoint,
  pods: ReadonlyMap<string, string>,
): Problem | undefined {
  if (spec.pod === undefined) return undefined;
  const uid = pods.get(`${spec.pod.namespace}/${spec.pod.name}`);
  if (uid === spec.pod.uid) return undefined;
  const what = uid === undefined ? 'is gone' : 'is another one by now';
  const message = `endpoint ${name} belongs to pod ${spec.pod.namespace}/${spec.pod.name}, which ${what}`;
  return warning(message, `it is collected within minutes; if it stays: kubectl delete networkendpoint ${name}`);
}

function addressedTwice(endpoints: readonly NetworkEndpoint[]): readonly Problem[] {
  const claims = endpoints.flatMap((endpoint) =>
    endpoint.spec.addresses.map((one) => ({ endpoint, key: `${prefixAddress(one)} on ${endpoint.spec.network}` })),
  );
  return [...Map.groupBy(claims, ({ key }) => key)].flatMap(([key, holders]) => {
    const names = holders.map(({ endpoint }) => containerName(endpoint));
    return names.length < 2 ? [] : [failure(`${names.join(' and ')} both have ${key}`, 'recreate all but one of them')];
  });
}

function podProblems({ pods, networks }: ObjectsInput): readonly Problem[] {
  const names = networks.map(({ metadata }) => metadata.name);
  return pods.flatMap(({ metadata }) => {
    const text = metadata.annotations?.[ANNOTATION_NETWORKS];
    if (text === undefined) return [];
    const pod = `pod ${metadata.namespace}/${metadata.name}`;
    const asked = parsePodNetworks(text);
    if (!asked.ok) return [failure(`${pod}: ${asked.error}`, 'correct the annotation in the pod template')];
    const missing = asked.value.find(({ network }) => !names.includes(network))?.network;
    if (missing === undefined) return [];
    return [
      failure(
        `${pod} asks for network ${missing}, which does not exist`,
        didYouMean(missing, names, 'create it, or correct the annotation'),
      ),
    ];
  });
}
