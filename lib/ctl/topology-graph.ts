/** A topology as text that other programs draw: Graphviz, Mermaid. */
import type { Topology, TopologyNetwork } from './topology.ts';

const networkLabel = ({ name, subnet, vni, encrypted }: TopologyNetwork, newline: string): string =>
  [name, subnet, vni === 0 ? '' : `VNI ${vni}${encrypted ? ', encrypted' : ''}`]
    .filter((line) => line !== '')
    .join(newline);

/** For `dot -Tsvg`: a box for each node with its containers inside, an ellipse for each network. */
export function dotText({ nodes, networks }: Topology): string {
  const boxes = nodes.flatMap((node, i) => [
    `  subgraph "cluster_${i}" {`,
    `    label=${dotQuote(`${node.name}\\n${node.address}`)};`,
    ...(node.containers.length === 0 ? [`    ${dotQuote(`node:${node.name}`)} [style=invis];`] : []),
    ...node.containers.map(
      ({ id, name }) => `    ${dotQuote(`container:${id}`)} [shape=box, label=${dotQuote(name)}];`,
    ),
    '  }',
  ]);
  const ellipses = networks.map(
    (network) =>
      `  ${dotQuote(`network:${network.name}`)} [shape=ellipse, label=${dotQuote(networkLabel(network, '\\n'))}];`,
  );
  const lines = nodes.flatMap((node) =>
    node.containers.flatMap(({ id, interfaces }) =>
      interfaces.map(
        ({ name, address, network }) =>
          `  ${dotQuote(`container:${id}`)} -- ${dotQuote(`network:${network}`)} [label=${dotQuote(`${name} ${address}`)}];`,
      ),
    ),
  );
  return ['graph warren {', '  rankdir=LR;', ...boxes, ...ellipses, ...lines, '}'].join('\n');
}

/** `\n` is a line break of Graphviz and stays. */
const dotQuote = (text: string): string => `"${text.replace(/\\(?!n)/g, '\\\\').replaceAll('"', '\\"')}"`;

/** For Markdown pages that draw Mermaid: a subgraph for each node. Ids are numbers, because names may hold anything. */
export function mermaidText({ nodes, networks }: Topology): string {
  const networkId = new Map(networks.map((network, i) => [network.name, `net${i}`]));
  const boxes = nodes.flatMap((node, i) => [
    `  subgraph n${i}[${mermaidQuote(`${node.name} ${node.address}`.trim())}]`,
    ...node.containers.map(({ name }, j) => `    n${i}c${j}[${mermaidQuote(name)}]`),
    '  end',
  ]);
  const ellipses = networks.map((network, i) => `  net${i}([${mermaidQuote(networkLabel(network, '<br>'))}])`);
  const lines = nodes.flatMap((node, i) =>
    node.containers.flatMap(({ interfaces }, j) =>
      interfaces.flatMap(({ name, address, network }) => {
        const id = networkId.get(network);
        return id === undefined ? [] : [`  n${i}c${j} ---|${mermaidQuote(`${name} ${address}`)}| ${id}`];
      }),
    ),
  );
  return ['flowchart LR', ...boxes, ...ellipses, ...lines].join('\n');
}

const mermaidQuote = (text: string): string => `"${text.replaceAll('"', '#quot;')}"`;
