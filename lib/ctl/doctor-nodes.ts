/** Whether every node has what the others need to reach it. */
import type { Node } from '../api/core.ts';
import type { Network } from '../api/network.ts';
import type { NodePeer } from '../api/node-peer.ts';
import { family, prefixesOverlap } from '../net/address.ts';
import { counted, failure, type Finding, findingsOf, type Problem, warning } from './finding.ts';
import { conditionOf } from './object-column.ts';

export interface NodesInput {
  readonly nodes: readonly Node[];
  readonly peers: readonly NodePeer[];
  readonly networks: readonly Network[];
}

export const nodeFindings = (input: NodesInput): readonly Finding[] => [
  ...findingsOf(
    'nodes',
    [...recordProblems(input), ...input.peers.flatMap(agentProblems)],
    `${counted(input.nodes.length, 'node')}, each with an agent that has reported`,
  ),
  ...findingsOf('addresses', addressProblems(input), 'each tunnel address and gateway subnet is one node’s alone'),
  ...mtuFindings(input),
];

function recordProblems({ nodes, peers }: NodesInput): readonly Problem[] {
  const recorded = new Set(peers.map(({ metadata }) => metadata.name));
  const existing = new Set(nodes.map(({ metadata }) => metadata.name));
  return [
    ...[...existing]
      .filter((name) => !recorded.has(name))
      .map((name) =>
        failure(`node ${name} has no NodePeer`, 'the controller makes it: look at its log for why it has not'),
      ),
    ...[...recorded]
      .filter((name) => !existing.has(name))
      .map((name) =>
        warning(`NodePeer ${name} has no Node`, `if it does not go by itself: kubectl delete nodepeer ${name}`),
      ),
  ];
}

function agentProblems({ metadata: { name }, spec, status }: NodePeer): readonly Problem[] {
  const log = 'look at the log of its warren-agent: kubectl -n warren-system get pods -o wide';
  const ready = conditionOf(status.conditions, 'Ready');
  if (ready !== undefined && ready.status !== 'True') return [failure(`node ${name}: ${ready.message}`, log)];
  if (status.vteps.length === 0)
    return [failure(`the agent of node ${name} has not reported`, `does a warren-agent run there? ${log}`)];
  if (spec.gatewaySubnets.length === 0)
    return [
      failure(
        `node ${name} has no gateway subnet: its pods get no address`,
        'add a pool: warrenctl pool add 172.20.0.0/14 --purpose gateway',
      ),
    ];
  return [];
}

function addressProblems({ nodes, peers }: NodesInput): readonly Problem[] {
  const pairs = peers.flatMap((one, i) => peers.slice(i + 1).map((other) => [one, other] as const));
  return [
    ...pairs.flatMap(([one, other]) => pairProblems(one, other)),
    ...peers.flatMap((peer) => strayVteps(peer, nodes)),
  ];
}

function pairProblems(one: NodePeer, other: NodePeer): readonly Problem[] {
  const both = `nodes ${one.metadata.name} and ${other.metadata.name}`;
  const vtep = one.status.vteps.find((ip) => other.status.vteps.includes(ip));
  const subnet = one.spec.gatewaySubnets.find((a) => other.spec.gatewaySubnets.some((b) => prefixesOverlap(a, b)));
  const [first, second] = [one.status.vteps[0], other.status.vteps[0]];
  const apart =
    first !== undefined &&
    second !== undefined &&
    !one.status.vteps.some((a) => other.status.vteps.some((b) => family(a) === family(b)));
  return [
    ...(vtep === undefined
      ? []
      : [failure(`${both} both have the tunnel address ${vtep}`, 'give each agent its own --node-ip')]),
    ...(subnet === undefined
      ? []
      : [
          failure(
            `${both} share the gateway subnet ${subnet}`,
            `delete one of the two NodePeers: it gets another subnet`,
          ),
        ]),
    ...(apart
      ? [failure(`${both} have no address family in common`, 'give both an InternalIP of the same family')]
      : []),
  ];
}

function strayVteps({ metadata: { name }, status }: NodePeer, nodes: readonly Node[]): readonly Problem[] {
  const node = nodes.find((one) => one.metadata.name === name);
  const own = node?.status.addresses.filter(({ type }) => type === 'InternalIP').map(({ address }) => address) ?? [];
  const [vtep] = status.vteps;
  if (vtep === undefined || own.length === 0 || own.includes(vtep)) return [];
  const remedy = 'if its agent has no --node-ip on purpose: restart the agent, and look at its log';
  return [warning(`node ${name} is reached at ${vtep}, but its InternalIP is ${own.join(', ')}`, remedy)];
}

/** VXLAN over IPv4 and IPv6 (RFC 7348 section 5). */
const overhead = (peer: NodePeer): number => (peer.status.vteps.some((vtep) => family(vtep) === 6) ? 70 : 50);

function mtuFindings({ peers, networks }: NodesInput): readonly Finding[] {
  const known = peers.flatMap((peer) => {
    const mtu = peer.status.underlayMTU;
    return mtu === undefined ? [] : [{ name: peer.metadata.name, mtu, inner: mtu - overhead(peer) }];
  });
  const least = known.toSorted((a, b) => a.inner - b.inner)[0];
  if (least === undefined) return [];
  const differing = known.filter(({ mtu }) => mtu !== least.mtu);
  const uneven = `underlay MTU is ${least.mtu} on node ${least.name}, ${differing[0]?.mtu} on ${counted(differing.length, 'other')}`;
  const problems = [
    ...(differing.length === 0
      ? []
      : [warning(uneven, `set the same MTU on every node, or mtu: ${least.inner} in each Network`)]),
    ...networks.flatMap(({ metadata, spec }) =>
      spec.mtu !== undefined && spec.mtu > least.inner
        ? [
            warning(
              `network ${metadata.name} wants MTU ${spec.mtu}, node ${least.name} carries ${least.inner}`,
              `set its spec.mtu to ${least.inner} or less`,
            ),
          ]
        : [],
    ),
  ];
  return findingsOf('MTU', problems, `${least.mtu} on every node: ${least.inner} on networks`);
}
