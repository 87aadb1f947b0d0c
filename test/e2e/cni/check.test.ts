/** CNI conformance against a real agent: CHECK and STATUS, rows K1 to K3, S1. */
import { test } from 'tap';
import { eventually } from '../../../lib/lab/wait.ts';
import type { Sandbox } from './node-harness.ts';
import { type CniErrorDocument, errorOf } from './plugin.ts';
import { testNode } from './test-node.ts';

const node = await testNode();

test('K1: CHECK right after ADD passes', async (t) => {
  for (const annotation of [undefined, 'blue', 'blue,blue,green']) {
    const sandbox = await node.sandbox(annotation);
    const prevResult = await node.add(sandbox);
    t.strictSame(await node.plugin('CHECK', sandbox, { prevResult }), { status: 0, stdout: '', stderr: '' });
    await node.del(t, sandbox);
    t.match(errorOf(await node.plugin('CHECK', sandbox, { prevResult })), { code: 3 }, 'not after DEL');
    await node.removeNetns(sandbox);
  }
});

/**
 * What CHECK says to the damage. The agent repairs what it notices within a moment, so CHECK has to come at once, by a plugin that
 * has been started before; one that comes during or after a repair is another try.
 */
async function checkFinds(
  sandbox: Sandbox,
  damage: () => Promise<unknown>,
  missing: RegExp,
): Promise<CniErrorDocument> {
  return eventually(async () => {
    const error = errorOf(await node.pluginAfter(damage, 'CHECK', sandbox));
    if (!missing.test(error.msg)) throw new Error(`${error.msg} does not name ${missing.source}`);
    return error;
  }, 30_000);
}

const defaultRoute = ['ip', 'route', 'del', 'default'];
const damages: readonly (readonly [string, (sandbox: Sandbox) => Promise<unknown>, RegExp])[] = [
  ['the interface', (sandbox) => node.inside(sandbox, ['ip', 'link', 'del', 'eth0']), /eth0/],
  ['the interface on a network', (sandbox) => node.inside(sandbox, ['ip', 'link', 'del', 'net1']), /net1/],
  [
    'the address',
    (sandbox) => node.inside(sandbox, ['ip', 'addr', 'flush', 'dev', 'eth0']),
    /addr 172\.\d+\.\d+\.\d+\/24 dev eth0/,
  ],
  ['the route', (sandbox) => node.inside(sandbox, defaultRoute), /route default via 172\.\d+\.\d+\.1 dev eth0/],
  [
    'the bridge port',
    async (sandbox) => node.on(['ip', 'link', 'set', await portOf(sandbox), 'nomaster']),
    /bridge link dev warren\w+ master warren-gw/,
  ],
];

/** The node's end of eth0: its index is what the container's end shows as its peer's. */
async function portOf(sandbox: Sandbox): Promise<string> {
  const [eth0] = JSON.parse(await node.inside(sandbox, ['ip', '-json', 'link', 'show', 'eth0'])) as readonly {
    link_index: number;
  }[];
  const links = JSON.parse(await node.on(['ip', '-json', 'link'])) as readonly { ifindex: number; ifname: string }[];
  return links.find((link) => link.ifindex === eth0?.link_index)?.ifname ?? '';
}

for (const [what, damage, missing] of damages) {
  test(`K2: CHECK names ${what} when it is missing`, async (t) => {
    const sandbox = await node.sandbox('blue');
    await node.add(sandbox);
    const found = await checkFinds(sandbox, () => damage(sandbox).catch(() => undefined), missing);
    t.match(found, { code: 107, msg: missing });
    await node.del(t, sandbox);
    await node.removeNetns(sandbox);
    await node.nothingLeft(t);
  });
}

test('K2: CHECK names the reservation that is gone', async (t) => {
  const sandbox = await node.sandbox('blue');
  await node.add(sandbox);
  const [endpoint] = await node.endpoints();
  const name = `blue.${endpoint?.addresses[0]?.replace(/\/.*/, '') ?? ''}`;
  await node.api.request(`/apis/warren.dev/v1alpha1/networkendpoints/${name}`, { method: 'DELETE' });
  const error = await eventually(async () => errorOf(await node.plugin('CHECK', sandbox)), 20_000);
  t.match(error, { code: 107 });
  t.ok(error.msg.includes(name), error.msg);
  await node.del(t, sandbox);
  await node.removeNetns(sandbox);
  await node.nothingLeft(t);
});

test('K3: CHECK tolerates what later plugins may change', async (t) => {
  const sandbox = await node.sandbox();
  const result = await node.add(sandbox);
  await node.inside(sandbox, ['ip', 'link', 'set', 'eth0', 'address', '02:00:00:00:00:99']);
  await node.inside(sandbox, ['ip', 'route', 'add', '203.0.113.0/24', 'via', result.ips[0]?.gateway ?? '']);
  t.match(await node.plugin('CHECK', sandbox), { status: 0, stdout: '' });
  await node.del(t, sandbox);
  await node.removeNetns(sandbox);
});

/** At a time: the node's /24 has room for 253. */
const BATCH = 8;

test('S1: STATUS is silent while ADD would be served, and says 50 when the pool is exhausted', async (t) => {
  t.strictSame(await node.plugin('STATUS', {}), { status: 0, stdout: '', stderr: '' });
  const sandboxes: Sandbox[] = [];
  const refused: CniErrorDocument[] = [];
  while (refused.length === 0 && sandboxes.length < 300) {
    const some = await Promise.all(Array.from({ length: BATCH }, () => node.sandbox()));
    sandboxes.push(...some);
    const answers = await Promise.all(some.map((sandbox) => node.plugin('ADD', sandbox)));
    refused.push(...answers.filter((answer) => answer.status !== 0).map(errorOf));
  }
  t.match(refused[0], { code: 103, msg: /172\.\d+\.\d+\.0\/24/ });
  t.match(errorOf(await node.plugin('STATUS', {})), { code: 50, msg: /no address is left/ });
  const [first] = sandboxes;
  if (first !== undefined) await node.del(t, first);
  await eventually(async () => {
    const answer = await node.plugin('STATUS', {});
    if (answer.status !== 0) throw new Error(answer.stdout);
  }, 20_000);
  // The others go with the lab: this is the last test of the file.
});
