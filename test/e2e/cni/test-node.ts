/** The calls that the conformance tests share: ADD and DEL as a runtime makes them, and what a person would look at afterwards. */
import { t as tap, type Test } from 'tap';
import { eventually } from '../../../lib/lab/wait.ts';
import { settles } from '../lab-harness.ts';
import { type NodeHarness, type Sandbox, startNode } from './node-harness.ts';
import { ensurePlugin, type PluginAnswer } from './plugin.ts';

const networks = `
apiVersion: warren.dev/v1alpha1
kind: Network
metadata: { name: blue }
spec: { attachable: true, subnets: [{ cidr: 10.77.0.0/24 }] }
---
apiVersion: warren.dev/v1alpha1
kind: Network
metadata: { name: green }
spec: { attachable: true, subnets: [{ cidr: 10.77.0.0/24 }] }
---
apiVersion: warren.dev/v1alpha1
kind: Network
metadata: { name: tiny }
spec: { attachable: true, subnets: [{ cidr: 10.78.0.0/29 }] }
`;

export interface Result {
  readonly cniVersion: string;
  readonly interfaces: readonly { name: string; mac: string; mtu?: number; sandbox?: string }[];
  readonly ips: readonly { address: string; gateway?: string; interface: number; version?: string }[];
  readonly routes?: readonly { dst: string; gw?: string }[];
}

export interface Link {
  readonly ifname: string;
  readonly address: string;
  readonly mtu: number;
  readonly operstate: string;
  readonly addr_info: readonly { family: string; local: string; prefixlen: number; scope: string }[];
}

export interface TestNode extends NodeHarness {
  /** Throws when it fails. */
  add(sandbox: Sandbox, change?: object): Promise<Result>;
  /** DEL answers nothing, whatever it finds. */
  del(t: Test, sandbox: Partial<Sandbox>, change?: object): Promise<void>;
  /** All but `lo`, sorted by name. */
  linksIn(sandbox: Sandbox): Promise<readonly Link[]>;
  /** Devices, namespaces, journal, queue and endpoints are as they were before any attachment. */
  nothingLeft(t: Test): Promise<void>;
}

export function resultOf(answer: PluginAnswer): Result {
  if (answer.status !== 0) throw new Error(answer.stdout);
  return JSON.parse(answer.stdout) as Result;
}

export const addressesOf = (link: Link): readonly string[] =>
  link.addr_info.filter((one) => one.scope === 'global').map((one) => `${one.local}/${one.prefixlen}`);

/** A node with the networks blue, green (the same subnet) and tiny (five addresses), for as long as the test file runs. */
export async function testNode(): Promise<TestNode> {
  ensurePlugin();
  await using starting = new AsyncDisposableStack();
  const node = starting.use(await startNode());
  await node.apply(networks);
  for (const network of ['blue', 'green', 'tiny']) await eventually(() => attachOnce(node, network), 60_000);
  const empty = await settledTraces(node);
  const started = starting.move();
  tap.teardown(() => started.disposeAsync());
  return {
    ...node,
    add: async (sandbox, change) => resultOf(await node.plugin('ADD', sandbox, change)),
    del: async (t, sandbox, change) => {
      t.strictSame(await node.plugin('DEL', sandbox, change), { status: 0, stdout: '', stderr: '' }, 'DEL');
    },
    linksIn: async (sandbox) => {
      const links = JSON.parse(await node.inside(sandbox, ['ip', '-json', 'addr'])) as readonly Link[];
      const others = links.filter((link) => link.ifname !== 'lo');
      return others.toSorted((a, b) => a.ifname.localeCompare(b.ifname));
    },
    nothingLeft: async (t) => {
      t.strictSame(await settles(() => node.traces(), empty), empty, 'nothing is left');
    },
  };
}

/** Throws until the controller has allocated the network and the agent knows it. */
async function attachOnce(node: NodeHarness, network: string): Promise<void> {
  const sandbox = await node.sandbox();
  const answer = await node.plugin('ADD', sandbox, { network });
  await node.plugin('DEL', sandbox, { network });
  await node.removeNetns(sandbox);
  resultOf(answer);
}

/** Traces once the background part of DELs is over. */
async function settledTraces(node: NodeHarness): Promise<readonly string[]> {
  return eventually(async () => {
    const traces = await node.traces();
    if (traces.some((line) => /^(endpoint|journal|queue|netns)/.test(line))) throw new Error(traces.join('\n'));
    return traces;
  }, 30_000);
}
