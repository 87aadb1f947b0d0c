import { test } from 'tap';
import { dotText, mermaidText } from '../../../lib/ctl/topology-graph.ts';
import { topologyOf, withAtMost } from '../../../lib/ctl/topology.ts';
import { drawLab } from '../../../lib/lab/picture.ts';
import { matchesGolden } from '../golden.ts';
import { endpoint, network, peer } from './objects.ts';

const topology = topologyOf({
  networks: [
    network('green', {
      status: { vni: 4098, subnets: [{ cidr: '10.0.1.0/24', gateway: '10.0.1.1' }] },
      spec: { encrypted: true },
    }),
    network('blue'),
  ],
  endpoints: [
    endpoint('blue', '10.0.0.3/24', { node: 'n2', container: 'c2', pod: 'web-2' }),
    endpoint('green', '10.0.1.2/24', { node: 'n2', container: 'c2', pod: 'web-2', ifname: 'net2' }),
    endpoint('blue', '10.0.0.2/24', { node: 'n1', container: 'c1' }),
    endpoint('gone', '10.9.0.2/24', { node: 'n4', container: 'quo"te', pod: null }),
  ],
  peers: [
    peer('n10'),
    peer('n1', { status: { networks: ['blue'] } }),
    peer('n2', { status: { networks: ['blue', 'green'] } }),
  ],
});

test('every node is there, also one that only an endpoint names, in the order of their numbers', (t) => {
  t.strictSame(
    topology.nodes.map(({ name, address, networks }) => `${name} ${address} ${networks.join(',')}`),
    ['n1 172.30.0.11 blue', 'n2 172.30.0.12 blue,green', 'n4  gone', 'n10 172.30.0.110 '],
  );
  t.end();
});

test('drawings for the terminal, for Graphviz and for Mermaid', (t) => {
  matchesGolden(t, 'ctl/topology-terminal', `${drawLab(topology.nodes, topology.networks, 100)}\n`);
  matchesGolden(t, 'ctl/topology-dot', `${dotText(topology)}\n`);
  matchesGolden(t, 'ctl/topology-mermaid', `${mermaidText(topology)}\n`);
  t.end();
});

test('a node with very many containers says how many it does not show', (t) => {
  const endpoints = Array.from({ length: 30 }, (_, i) => endpoint('blue', `10.0.0.${i + 2}/24`, { pod: `web-${i}` }));
  const full = topologyOf({ networks: [network('blue')], endpoints, peers: [peer('n1')] });
  const cut = withAtMost(full, 12).nodes[0]!.containers;
  t.equal(cut.length, 13);
  t.equal(cut.at(-1)?.name, '… and 18 more');
  t.strictSame(withAtMost(full, 30), full);
  t.end();
});
