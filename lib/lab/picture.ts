/** Draws nodes, their containers and the tunnels between them with box characters. Pure. */

export interface PictureNode {
  readonly name: string;
  readonly address: string;
  readonly containers: readonly {
    readonly name: string;
    readonly interfaces: readonly { readonly name: string; readonly address: string; readonly network: string }[];
  }[];
  /** Names of the networks that have devices on the node. */
  readonly networks: readonly string[];
}

export interface PictureNetwork {
  readonly name: string;
  readonly subnet: string;
  readonly vni: number;
}

const GAP = 2;
const PER_ROW = 3;

/** Three nodes a row; below each row, one line a network that joins the nodes where it exists. */
export function drawLab(nodes: readonly PictureNode[], networks: readonly PictureNetwork[], width = 100): string {
  const boxWidth = Math.floor((width - GAP * (PER_ROW - 1)) / PER_ROW);
  const rows = Array.from({ length: Math.ceil(nodes.length / PER_ROW) }, (_, i) =>
    nodes.slice(i * PER_ROW, (i + 1) * PER_ROW),
  );
  return rows.map((row) => drawRow(row, networks, boxWidth)).join('\n\n');
}

function drawRow(nodes: readonly PictureNode[], networks: readonly PictureNetwork[], width: number): string {
  const contents = nodes.map((node) => nodeLines(node));
  const height = Math.max(...contents.map((lines) => lines.length));
  const boxes = nodes.map((node, i) => box(`${node.name}  ${node.address}`, contents[i] ?? [], height, width));
  const lines = Array.from({ length: height + 2 }, (_, i) => boxes.map((each) => each[i] ?? '').join(' '.repeat(GAP)));
  const tunnels = networks.flatMap((network) => tunnel(network, nodes, width));
  // Below the last one nothing hangs on the plugs.
  const last = tunnels.pop()?.replaceAll('│', ' ');
  return [...lines, ...tunnels, ...(last === undefined ? [] : [last])].map((line) => line.trimEnd()).join('\n');
}

function nodeLines(node: PictureNode): readonly string[] {
  const all = node.containers.flatMap(({ interfaces }) => interfaces);
  const longest = Math.max(0, ...all.map(({ address }) => address.length));
  const containers = node.containers.flatMap((container) => [
    container.name,
    ...container.interfaces.map(({ name, address, network }, i) => {
      const branch = i === container.interfaces.length - 1 ? '└' : '├';
      return ` ${branch} ${name} ${address.padEnd(longest)} ${network}`;
    }),
  ]);
  return containers.length === 0 ? ['(no containers)'] : containers;
}

function box(title: string, content: readonly string[], height: number, width: number): readonly string[] {
  const inner = width - 4;
  const head = fit(title, inner - 2);
  const lines = Array.from({ length: height }, (_, i) => `│ ${fit(content[i] ?? '', inner).padEnd(inner)} │`);
  return [`┌─ ${head} ${'─'.repeat(inner - 1 - head.length)}┐`, ...lines, bottom(width)];
}

/** With the plug in the middle that the tunnels hang on. */
function bottom(width: number): string {
  const left = Math.floor((width - 3) / 2);
  return `└${'─'.repeat(left)}┬${'─'.repeat(width - 3 - left)}┘`;
}

const fit = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);

/** A line that ends in a dot below each node which the network reaches, and below it the network's name. */
function tunnel(network: PictureNetwork, nodes: readonly PictureNode[], width: number): readonly [string, string] {
  const plugs = nodes.map((_, i) => i * (width + GAP) + 1 + Math.floor((width - 3) / 2));
  const joined = nodes.map((node) => node.networks.includes(network.name));
  const first = plugs[joined.indexOf(true)] ?? -1;
  const last = plugs[joined.lastIndexOf(true)] ?? -1;
  const line = Array.from({ length: (plugs.at(-1) ?? 0) + 1 }, (_, at) => {
    const node = plugs.indexOf(at);
    const isBetween = at > first && at < last;
    if (node < 0) return isBetween ? '═' : ' ';
    return joined[node] === true ? '●' : isBetween ? '╪' : '│';
  }).join('');
  return [line, labelLine(plugs, `${network.name}  ${network.subnet}  VNI ${network.vni}`)];
}

/** The plugs go on through it; the label starts beside the first of them. */
function labelLine(plugs: readonly number[], label: string): string {
  const start = (plugs[0] ?? 0) + 2;
  const end = start + label.length;
  const cell = (at: number): string =>
    at >= start && at < end ? (label[at - start] ?? ' ') : plugs.includes(at) ? '│' : ' ';
  return Array.from({ length: Math.max((plugs.at(-1) ?? 0) + 1, end) }, (_, at) => cell(at)).join('');
}
