/** Kernel objects as the `ip`, `bridge` and `nft` lines that a person knows: for golden tests, CHECK's errors and `inspect`. */
import { unreachable } from '../net/result.ts';
import { renderStatement } from './nft-text.ts';
import type { NftElement, NftSet, NftTable } from './nft.ts';
import type { BridgePort, KernelObject, NetnsRef, Route, Veth, Vxlan } from './object.ts';
import { objectKey } from './object.ts';
import { rank } from './relation.ts';
import { ROUTE_PROTOCOL } from './owner.ts';

/** One object, without its namespace; a table takes several lines. */
export function renderObject(object: KernelObject): string {
  switch (object.kind) {
    case 'netns':
      return `netns ${object.netns}`;
    case 'sysctl':
      return `sysctl ${object.key.replaceAll('/', '.')}=${object.value}`;
    case 'bridge':
      return `link ${object.name} type bridge address ${object.mac} mtu ${object.mtu}`;
    case 'vxlan':
      return renderVxlan(object);
    case 'veth':
      return renderVeth(object);
    case 'port':
      return renderPort(object);
    case 'address':
      return `addr ${object.address} dev ${object.link}`;
    case 'route':
      return renderRoute(object);
    case 'neighbour':
      return `neigh ${object.ip} lladdr ${object.mac} dev ${object.link} nud permanent`;
    case 'fdb-self':
      return `bridge fdb ${object.mac} dev ${object.link} dst ${object.vtep} self permanent`;
    case 'fdb-master':
      return `bridge fdb ${object.mac} dev ${object.link} master static`;
    case 'nft-table':
      return renderTable(object);
    case 'nft-element':
      return renderElement(object);
    default:
      return unreachable(object);
  }
}

/** With the namespace, for a message: `addr 10.0.0.2/24 dev net1 in netns /run/netns/cni-1`. */
export function describeObject(object: KernelObject): string {
  const line = object.kind === 'nft-table' ? `nft table ${object.family} ${object.name}` : renderObject(object);
  return object.kind === 'netns' ? line : `${line} in ${place(object.netns)}`;
}

/** A whole state: a heading for each namespace, its objects in the order of their creation. */
export function renderObjects(objects: readonly KernelObject[]): string {
  const byNetns = Map.groupBy(objects, (object) => object.netns);
  const sections = [...byNetns].sort(([a], [b]) => order(a, b)).map(([netns, members]) => section(netns, members));
  return sections.join('');
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const place = (netns: NetnsRef): string => (netns === 'host' ? 'the host netns' : `netns ${netns}`);
const indent = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ');

function section(netns: NetnsRef, members: readonly KernelObject[]): string {
  const sorted = members.toSorted((a, b) => rank(a) - rank(b) || order(objectKey(a), objectKey(b)));
  const lines = sorted.filter((object) => object.kind !== 'netns').map((object) => indent(renderObject(object)));
  const owned = members.some((object) => object.kind === 'netns') ? '' : ' (not ours)';
  return `${netns === 'host' ? 'host' : `netns ${netns}${owned}`}\n${lines.map((line) => `${line}\n`).join('')}`;
}

function renderVxlan({ name, mac, mtu, vni, port, local }: Vxlan): string {
  return `link ${name} type vxlan id ${vni} local ${local} dstport ${port} nolearning address ${mac} mtu ${mtu}`;
}

function renderVeth({ name, mtu, alias, peer }: Veth): string {
  const far = `${peer.name} netns ${peer.netns} address ${peer.mac} mtu ${peer.mtu}`;
  return `link ${name} type veth mtu ${mtu} alias ${alias} peer ${far}`;
}

function renderPort(port: BridgePort): string {
  const flags = [
    ['learning', port.learning],
    ['locked', port.locked],
    ['isolated', port.isolated],
    ['neigh_suppress', port.neighSuppress],
    ['hairpin', port.hairpin],
    ['flood', port.flood],
    ['mcast_flood', port.mcastFlood],
    ['bcast_flood', port.bcastFlood],
  ] as const;
  const text = flags.map(([name, on]) => `${name} ${on ? 'on' : 'off'}`).join(' ');
  return `bridge link dev ${port.name} master ${port.master} ${text}`;
}

function renderRoute({ dst, via, link, onlink, src }: Route): string {
  const to = dst === '0.0.0.0/0' || dst === '::/0' ? 'default' : dst;
  const gateway = via === undefined ? '' : ` via ${via}`;
  const source = src === undefined ? '' : ` src ${src}`;
  return `route ${to}${gateway} dev ${link}${onlink === true ? ' onlink' : ''}${source} proto ${ROUTE_PROTOCOL}`;
}

const renderElement = ({ family, table, set, key }: NftElement): string =>
  `nft element ${family} ${table} ${set} { ${key.join(' . ')} }`;

function renderTable({ family, name, sets, chains }: NftTable): string {
  const bodies = chains.map((chain) => {
    const { type, hook, priority, policy } = chain;
    const rules = chain.rules.map(
      ({ statements, comment }) => `${statements.map(renderStatement).join(' ')} comment "${comment}"`,
    );
    return block(`chain ${chain.name}`, [
      `type ${type} hook ${hook} priority ${priority}; policy ${policy};`,
      ...rules,
    ]);
  });
  return block(`nft table ${family} ${name}`, [...sets.map(renderSet), ...bodies]);
}

function renderSet({ name, type, interval, elements }: NftSet): string {
  const flags = interval === true ? ' flags interval;' : '';
  const fixed = elements === undefined ? '' : ` elements = { ${elements.map((key) => key.join(' . ')).join(', ')} };`;
  return `set ${name} { type ${type.join(' . ')};${flags}${fixed} }`;
}

const block = (head: string, lines: readonly string[]): string =>
  `${head} {\n${lines.map((line) => `${indent(line)}\n`).join('')}}`;
