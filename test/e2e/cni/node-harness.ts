/** A node with its real agent, as the container runtime on it sees it. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { nodeUser } from '../../../lib/lab/access.ts';
import { loadConfList } from '../../../lib/lab/cni-runtime.ts';
import { pluginInput } from '../../../lib/lab/cni-config.ts';
import { commandOutput, runCommand } from '../../../lib/lab/command.ts';
import { agentDaemon, API_SERVER, awaitDaemon, killDaemon, startDaemon, stopDaemon } from '../../../lib/lab/daemons.ts';
import { removeLab } from '../../../lib/lab/down.ts';
import { addFault, clearFaults } from '../../../lib/lab/faults.ts';
import { cniHost, type Lab } from '../../../lib/lab/lab.ts';
import { type EndpointView, listEndpoints } from '../../../lib/lab/lab-view.ts';
import { labLayout } from '../../../lib/lab/layout.ts';
import { applyManifests } from '../../../lib/lab/manifest.ts';
import { onNode } from '../../../lib/lab/node.ts';
import { runningProcess } from '../../../lib/lab/process.ts';
import { DEFAULT_OPTIONS } from '../../../lib/lab/topology.ts';
import { labUp } from '../../../lib/lab/up.ts';
import { type PluginAnswer, runPlugin } from './plugin.ts';

/** What a runtime knows of a container: the environment of its calls. */
export interface Sandbox {
  readonly CNI_CONTAINERID: string;
  readonly CNI_NETNS: string;
  readonly CNI_IFNAME: string;
  readonly CNI_ARGS?: string;
}

export interface NodeHarness extends AsyncDisposable {
  /** Runs the installed plugin on the node; `change` overrides keys of the node's configuration. */
  plugin(command: string, sandbox: Partial<Sandbox>, change?: object): Promise<PluginAnswer>;
  /** The same for what happens right before: the plugin has been started when `first` runs, and calls the agent when that is done. */
  pluginAfter(first: () => Promise<unknown>, command: string, sandbox: Partial<Sandbox>): Promise<PluginAnswer>;
  /** A container with an empty network namespace, and a Pod with the annotation when `networks` is given. */
  sandbox(networks?: string): Promise<Sandbox>;
  /** The namespace goes, as when a container dies before its DEL. */
  removeNetns(sandbox: Sandbox): Promise<void>;
  /** Output of a program on the node; throws when it fails. */
  on(argv: readonly string[]): Promise<string>;
  /** The same inside the container's network namespace. */
  inside(sandbox: Sandbox, argv: readonly string[]): Promise<string>;
  killAgent(): Promise<void>;
  startAgent(): Promise<void>;
  agentPid(): Promise<number>;
  /** Resets every connection of the node to the API server until `restoreApi`; a real API server, which has no faults, is stopped. */
  cutApi(): Promise<void>;
  restoreApi(): Promise<void>;
  apply(manifest: string): Promise<void>;
  readonly api: Lab['api'];
  /** Where the node's /run is on this machine. */
  readonly runDir: string;
  endpoints(): Promise<readonly EndpointView[]>;
  /** Everything that an attachment leaves: devices of the node, network namespaces, journal, queue, endpoints; each a line. */
  traces(): Promise<readonly string[]>;
}

const NODE = 'n1';

/** A lab of one node. Disposing it removes everything. */
export async function startNode(): Promise<NodeHarness> {
  await using cleanup = new AsyncDisposableStack();
  const dir = await mkdtemp('/var/lib/warren-cni-');
  cleanup.defer(() => rm(dir, { recursive: true, force: true }));
  cleanup.defer(async () => {
    await removeLab(labLayout(join(dir, 'lab')));
  });
  const lab = await labUp(join(dir, 'lab'), { ...DEFAULT_OPTIONS, nodes: 1 }, () => undefined);
  const owned = cleanup.move();
  return { ...nodeOf(lab), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The node n1 of a lab that somebody else removes. */
export function nodeOf(lab: Lab): Omit<NodeHarness, typeof Symbol.asyncDispose> {
  const node = lab.layout.node(NODE);
  const on = (argv: readonly string[]): Promise<string> =>
    commandOutput(onNode(lab.layout, NODE, argv), { env: lab.env });
  const agent = agentDaemon(NODE);
  const call = (stdin: string | Promise<string>, command: string, sandbox: Partial<Sandbox>): Promise<PluginAnswer> => {
    const env = { CNI_COMMAND: command, CNI_PATH: '/opt/cni/bin', ...sandbox };
    return runPlugin({ env, stdin }, onNode(lab.layout, NODE, ['/opt/cni/bin/warren']));
  };
  return {
    plugin: async (command, sandbox, change = {}) =>
      call(JSON.stringify({ ...(await configOf(lab)), ...change }), command, sandbox),
    pluginAfter: async (first, command, sandbox) => {
      const stdin = JSON.stringify(await configOf(lab));
      return call(
        first().then(() => stdin),
        command,
        sandbox,
      );
    },
    sandbox: async (networks) => {
      const id = randomBytes(8).toString('hex');
      const netns = await makeNetns(lab, id);
      const args = networks === undefined ? {} : { CNI_ARGS: await makePod(lab, `p-${id}`, networks) };
      return { CNI_CONTAINERID: id, CNI_NETNS: netns, CNI_IFNAME: 'eth0', ...args };
    },
    removeNetns: async ({ CNI_NETNS }) => {
      await runCommand(onNode(lab.layout, NODE, ['umount', '--lazy', CNI_NETNS]));
      await rm(join(node.run, 'netns', basename(CNI_NETNS)), { force: true });
    },
    on,
    inside: ({ CNI_NETNS }, argv) => on(['nsenter', `--net=${CNI_NETNS}`, '--', ...argv]),
    killAgent: async () => {
      await killDaemon(lab, agent);
    },
    startAgent: async () => {
      await startDaemon(lab, agent);
      await awaitDaemon(lab, agent);
    },
    agentPid: async () => (await runningProcess(lab.layout, agent))?.pid ?? 0,
    ...apiOutage(lab),
    apply: async (manifest) => {
      await applyManifests(lab.api, manifest, 'test');
    },
    api: lab.api,
    runDir: node.run,
    endpoints: () => listEndpoints(lab),
    traces: () => tracesOf(lab, on),
  };
}

function apiOutage(lab: Lab): Pick<NodeHarness, 'cutApi' | 'restoreApi'> {
  if (lab.state.assets === undefined) {
    return {
      cutApi: async () => {
        await addFault(lab, { kind: 'refuse', user: nodeUser(NODE) });
      },
      restoreApi: () => clearFaults(lab),
    };
  }
  return {
    cutApi: async () => {
      await stopDaemon(lab, API_SERVER);
    },
    restoreApi: async () => {
      await startDaemon(lab, API_SERVER);
      await awaitDaemon(lab, API_SERVER);
    },
  };
}

/** What libcni would write to our stdin, from the conflist that the agent installed. */
async function configOf(lab: Lab): Promise<object> {
  const { list } = await loadConfList(cniHost(lab, NODE));
  const [plugin] = list.plugins;
  if (plugin === undefined) throw new Error('the conflist names no plugin');
  return pluginInput(list, plugin, {});
}

async function makeNetns(lab: Lab, id: string): Promise<string> {
  const path = `/run/netns/cni-${id}`;
  await writeFile(join(lab.layout.node(NODE).run, 'netns', basename(path)), '');
  await commandOutput(onNode(lab.layout, NODE, ['unshare', `--net=${path}`, '--', 'ip', 'link', 'set', 'lo', 'up']));
  return path;
}

/** Returns the CNI_ARGS that name it. */
async function makePod(lab: Lab, name: string, networks: string): Promise<string> {
  const metadata = { name, annotations: { 'warren.dev/networks': networks } };
  const spec = { nodeName: NODE, containers: [{ name: 'main', image: 'none' }] };
  const body = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
  const pod = (await lab.api.request('/api/v1/namespaces/default/pods', { method: 'POST', body })) as {
    readonly metadata: { readonly uid: string };
  };
  return `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name};K8S_POD_UID=${pod.metadata.uid}`;
}

async function tracesOf(lab: Lab, on: (argv: readonly string[]) => Promise<string>): Promise<readonly string[]> {
  const node = lab.layout.node(NODE);
  const links = JSON.parse(await on(['ip', '-json', 'link'])) as readonly { readonly ifname: string }[];
  const netns = await readdir(join(node.run, 'netns'));
  const journal = await readdir(join(node.state, 'attachments')).catch(() => []);
  const queue = await readdir(join(node.state, 'queue')).catch(() => []);
  const endpoints = await listEndpoints(lab);
  return [
    ...links.map((link) => `device ${link.ifname}`),
    ...netns.filter((name) => name.startsWith('warren-')).map((name) => `netns ${name}`),
    ...journal.map((file) => `journal ${file}`),
    ...queue.map((file) => `queue ${file}`),
    ...endpoints.map((one) => `endpoint ${one.network} ${one.addresses.join()} ${one.containerID}`),
  ].toSorted();
}
