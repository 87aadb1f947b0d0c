/** A whole agent over an API server of its own, a journal on disk and a kernel in memory, and the runtime's calls to it. */
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Agent, createAgent } from '../../../lib/agent/agent.ts';
import { configFromFlags } from '../../../lib/agent/config.ts';
import { createVerbs } from '../../../lib/agent/verbs.ts';
import { pods } from '../../../lib/api/core.ts';
import { type NetworkEndpoint, networkEndpoints } from '../../../lib/api/network-endpoint.ts';
import { networks } from '../../../lib/api/network.ts';
import { nodePeers } from '../../../lib/api/node-peer.ts';
import type { NetnsRef } from '../../../lib/dataplane/object.ts';
import { createFakeKernel, type FakeKernel } from '../../../lib/kernel/fake.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import type { Attachment } from '../../../lib/store/attachment.ts';
import { type Journal, openJournal } from '../../../lib/store/journal.ts';
import { silentLogger } from '../../../lib/telemetry/log.ts';
import { eventually, startTestApi, type TestApi } from '../api-server.ts';
import { ifName } from '../dataplane/sample.ts';
import { facts } from './objects.ts';

export interface Answer {
  readonly exitCode: number;
  /** The result of an ADD, or the error document. */
  readonly said: Readonly<Record<string, unknown>>;
}

export interface TestAgent {
  readonly api: TestApi;
  readonly client: KubeClient;
  readonly kernel: FakeKernel;
  readonly agent: Agent;
  readonly journal: Journal;
  /** Namespaces that no longer exist. */
  readonly vanished: Set<NetnsRef>;
  /** CNI_ARGS of a new Pod with the annotation. */
  pod(name: string, annotation: string): Promise<string>;
  call(command: 'ADD' | 'CHECK' | 'DEL' | 'GC', container: string, args?: string): Promise<Answer>;
  endpoints(): Promise<readonly NetworkEndpoint[]>;
  /** Of an earlier life's journal, as a start finds it. */
  recorded(): Promise<readonly Attachment[]>;
  /** Nothing but the gateway in the kernel, no claim, an empty journal in memory and on disk. */
  nothingLeft(t: Test, message?: string): Promise<void>;
}

export interface TestAgentOptions {
  /** The journal that the agent gets, made from a real one. */
  readonly journal?: (real: Journal) => Journal;
}

/** Node n1 with the networks blue (10.0.0.0/24) and green (10.0.1.0/24). */
export async function startAgent(t: Test, options: TestAgentOptions = {}): Promise<TestAgent> {
  const api = await startTestApi(t);
  await makeCluster(api.client);
  const kernel = createFakeKernel();
  const vanished = new Set<NetnsRef>();
  const dir = t.testdir({ attachments: {} });
  const attachments = join(dir, 'attachments');
  const { journal: real } = await openJournal(attachments);
  const journal = options.journal?.(real) ?? real;
  const config = configFromFlags({
    ...{ nodeName: 'n1', nodeIp: '172.30.0.11', socket: join(dir, 'agent.sock'), stateDir: dir },
    ...{ netnsDir: '/run/netns', cniBinDir: dir, cniConfDir: dir, icc: true },
  });
  const client = api.newClient();
  const agentKernel = {
    ...kernel,
    identity: (netns: NetnsRef) => (vanished.has(netns) ? undefined : netns),
    underlay: () => Promise.resolve({ index: 2, name: ifName('eth0'), mtu: 1500 }),
  };
  const agent = createAgent({ config, client, kernel: agentKernel, journal, remembered: facts, log: silentLogger });
  t.teardown(() => agent.stop());
  await agent.parts.cluster.synced;
  await agent.parts.scopes.reconcile('host', 'observe');
  const empty = kernel.text();
  const verbs = createVerbs({ parts: agent.parts, client });
  const endpoints = async () => (await api.client.list(networkEndpoints)).items;
  const recorded = async () => (await openJournal(attachments)).journal.list();
  return {
    ...{ api, client, kernel, agent, journal, vanished, endpoints, recorded },
    pod: (name, annotation) => makePod(api.client, name, annotation),
    call: async (command, container, args = '') => {
      const netns = `/run/netns/${container}`;
      const env = { CNI_COMMAND: command, CNI_CONTAINERID: container, CNI_NETNS: netns, CNI_IFNAME: 'eth0' };
      const conf = { cniVersion: '1.1.0', name: 'warren', type: 'warren' };
      const stdin = Buffer.from(JSON.stringify(conf));
      const { exitCode, stdout } = await verbs({ env: { ...env, CNI_ARGS: args }, stdin });
      return { exitCode, said: JSON.parse(Buffer.from(stdout).toString() || '{}') as Answer['said'] };
    },
    nothingLeft: async (t, message = 'nothing is left') => {
      await agent.parts.releases.idle();
      t.strictSame(await endpoints(), [], `${message}: no claim`);
      t.equal(kernel.text(), empty, `${message}: the kernel`);
      t.strictSame([...journal.list(), ...(await recorded())], [], `${message}: the journal`);
    },
  };
}

async function makeCluster(client: KubeClient): Promise<void> {
  await client.create(nodePeers, { metadata: { name: 'n1' }, spec: { gatewaySubnets: facts.gatewaySubnets } });
  for (const [i, name] of ['blue', 'green'].entries()) {
    await client.create(networks, { metadata: { name }, spec: { attachable: true } });
    const status = { vni: 4097 + i, subnets: [{ cidr: `10.0.${i}.0/24`, gateway: `10.0.${i}.1` }] };
    await client.patch(networks, name, { status }, { subresource: 'status' });
  }
}

async function makePod(client: KubeClient, name: string, annotation: string): Promise<string> {
  const metadata = { name, namespace: 'default', annotations: { 'warren.dev/networks': annotation } };
  const spec = { nodeName: 'n1', containers: [{ name: 'main', image: 'none' }] };
  const pod = await client.create(pods, { metadata, spec }, { namespace: 'default' });
  return `K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name};K8S_POD_UID=${pod.metadata.uid}`;
}

/** Waits until the check holds. */
export const until = (check: () => boolean | Promise<boolean>): Promise<boolean> => eventually(check, Boolean);
