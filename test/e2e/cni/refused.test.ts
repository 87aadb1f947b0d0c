/** What an agent refuses: one error that says what, where and what to do; nothing is changed, and the agent stays up. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import * as z from 'zod';
import { eventually } from '../../../lib/lab/wait.ts';
import { errorOf } from './plugin.ts';
import { testNode } from './test-node.ts';

const node = await testNode();
const NETWORKS = '/apis/warren.dev/v1alpha1/networks';

const networkSchema = z.object({
  status: z.object({
    vni: z.number().optional(),
    conditions: z.array(z.object({ type: z.string(), status: z.string(), message: z.string() })).default([]),
  }),
});
type Status = z.infer<typeof networkSchema>['status'];

/** Applies a Network and waits until the controller has said what it thinks of it. */
async function network(name: string, spec: object, condition: string): Promise<Status> {
  await node.apply(JSON.stringify({ apiVersion: 'warren.dev/v1alpha1', kind: 'Network', metadata: { name }, spec }));
  return eventually(async () => {
    const { status } = networkSchema.parse(await node.api.request(`${NETWORKS}/${name}`));
    if (status.conditions.some((one) => one.type === condition)) return status;
    throw new Error(`${name}: ${JSON.stringify(status)}`);
  }, 10_000);
}

const eventsSchema = z.object({
  items: z.array(z.object({ reason: z.string(), message: z.string(), involvedObject: z.object({ name: z.string() }) })),
});

/** One ADD is refused as expected, the pod's reader is told, and all is as it was. */
async function isRefused(t: Test, annotation: string, expected: { code: number; msg: RegExp }): Promise<void> {
  const pid = await node.agentPid();
  const sandbox = await node.sandbox(annotation);
  const start = performance.now();
  const error = errorOf(await node.plugin('ADD', sandbox));
  t.match(error, expected);
  t.ok(performance.now() - start < 5000, 'at once');
  t.strictSame(await node.linksIn(sandbox), []);
  await node.nothingLeft(t);
  const pod = `p-${sandbox.CNI_CONTAINERID}`;
  await eventually(async () => {
    const { items } = eventsSchema.parse(await node.api.request('/api/v1/namespaces/default/events'));
    const [event] = items.filter(({ involvedObject }) => involvedObject.name === pod);
    if (event?.reason !== 'FailedAttach' || event.message !== error.msg) throw new Error(JSON.stringify(event));
  }, 20_000);
  await node.del(t, sandbox);
  await node.removeNetns(sandbox);
  t.equal(await node.agentPid(), pid, 'the same agent is there');
}

/** The agent hears of a network a little after the API server: waits until it gives the answer that the test is about. */
async function isKnown(name: string, code: number, msg: RegExp): Promise<void> {
  await eventually(async () => {
    const sandbox = await node.sandbox(name);
    const error = errorOf(await node.plugin('ADD', sandbox));
    await node.removeNetns(sandbox);
    if (error.code !== code || !msg.test(error.msg)) throw new Error(JSON.stringify(error));
  }, 20_000);
}

test('an encrypted network', async (t) => {
  const { conditions } = await network('secret', { attachable: true, encrypted: true }, 'Accepted');
  const accepted = conditions.find(({ type }) => type === 'Accepted');
  t.match(accepted, { status: 'False', message: /encrypt/ });
  await isKnown('secret', 101, /encrypt/);
  await isRefused(t, 'secret', { code: 101, msg: /^network secret is not ready: .*encrypt/ });
});

test('a network that is being deleted', async (t) => {
  await network('going', { attachable: true }, 'Allocated');
  const holder = await node.sandbox('going');
  await eventually(() => node.add(holder), 20_000);
  await node.api.request(`${NETWORKS}/going`, { method: 'DELETE' });
  const late = await node.sandbox('going');
  const error = await eventually(async () => errorOf(await deleted(late)), 20_000);
  t.match(error, { code: 101, msg: 'network going is not ready: it is being deleted' });
  t.match(await node.plugin('CHECK', holder), { status: 0 }, 'who is on it stays on it');
  await node.del(t, holder);
  for (const sandbox of [holder, late]) await node.removeNetns(sandbox);
  await node.nothingLeft(t);

  /** The agent may hear of the deletion a little after the API server. */
  async function deleted(sandbox: typeof late) {
    const answer = await node.plugin('ADD', sandbox);
    if (answer.status === 0) await node.plugin('DEL', sandbox);
    return answer;
  }
});

test('a pod without a controller on a network that is not attachable', async (t) => {
  await network('closed', {}, 'Allocated');
  const msg = /^network closed is not attachable: .*spec\.attachable: true/;
  await isKnown('closed', 102, msg);
  await isRefused(t, 'closed,blue', { code: 102, msg });
});

test('an annotation in either form', async (t) => {
  const rows: readonly (readonly [annotation: string, msg: RegExp])[] = [
    ['blue@', /warren\.dev\/networks: entry 1 \("blue@"\): "" is not an interface name/],
    ['blue,,green', /warren\.dev\/networks: entry 2 .*NETWORK@INTERFACE/],
    ['[{"name":"blue","ips":["10.77.0.300"]}]', /warren\.dev\/networks: entry 1 \("blue"\)\.ips.*10\.77\.0\.300/],
    ['[{"name":"blue","mac":"zz"}]', /warren\.dev\/networks: entry 1 \("blue"\)\.mac.*zz/],
    ['[{"name":"blue"},{"name":"green","interface":"net1"}]', /entries 1 and 2: both name the interface "net1"/],
    [
      '[{"name":"blue","ips":["10.77.0.9/16"]}]',
      /10\.77\.0\.9\/16 on network blue: its subnet makes it 10\.77\.0\.9\/24/,
    ],
  ];
  for (const [annotation, msg] of rows) {
    const code = msg.source.includes('its subnet') ? 105 : 7;
    await t.test(annotation, (t) => isRefused(t, annotation, { code, msg }));
  }
});

test('a pod of another uid than the one that is there, and one that is not there', async (t) => {
  const sandbox = await node.sandbox('blue');
  const args = sandbox.CNI_ARGS ?? '';
  for (const wrong of [
    args.replace(/K8S_POD_UID=.*/, 'K8S_POD_UID=00000000-0000-0000-0000-000000000000'),
    args.replace(/K8S_POD_NAME=[^;]*/, 'K8S_POD_NAME=nobody'),
  ]) {
    const name = /K8S_POD_NAME=([^;]*)/.exec(wrong)?.[1];
    const msg = `pod default/${name} does not exist any more: nothing to attach`;
    t.match(errorOf(await node.plugin('ADD', { ...sandbox, CNI_ARGS: wrong })), { code: 3, msg });
  }
  t.strictSame(await node.linksIn(sandbox), []);
  await node.nothingLeft(t);
  await node.add(sandbox);
  await node.del(t, sandbox);
  await node.removeNetns(sandbox);
  await node.nothingLeft(t);
});

test('garbage on the agent’s socket is hung up on, and the next call is answered', async (t) => {
  const pid = await node.agentPid();
  const socket = join(node.runDir, 'warren', 'agent.sock');
  const frames: readonly Buffer[] = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from('WRN1\xff\xff\xff\xff\xff\xff\xff\xff', 'latin1'),
    Buffer.alloc(64),
    Buffer.from('WRN1\0\0\0\0\0\0\0\0'),
    ...Array.from({ length: 20 }, () => randomBytes(256)),
  ];
  for (const frame of frames) {
    const client = connect(socket);
    client.on('error', () => undefined);
    client.resume();
    client.end(frame);
    // Not `once` of node:events: a connection that is reset is hung up on, too.
    await new Promise((closed) => client.once('close', closed));
  }
  t.match(await node.plugin('STATUS', {}), { status: 0 });
  t.equal(await node.agentPid(), pid);
  await node.nothingLeft(t);
});
