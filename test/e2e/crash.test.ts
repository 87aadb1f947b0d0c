// A crash of the agent at any point of an ADD or a DEL leaks nothing that its next start, the runtime's next call or a sweep does not
// clean up.
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Test, test } from 'tap';
import { type NodeHarness, nodeOf, type Sandbox } from './cni/node-harness.ts';
import type { PluginAnswer } from './cni/plugin.ts';
import { network, run, settles, withLab } from './lab-harness.ts';

type Node = Omit<NodeHarness, typeof Symbol.asyncDispose>;

const NETWORKS = 'blue,green';
const ROUNDS = 10;
/** Of ADDs and of DELs in a round, started one after the other: a kill meets each at another point. */
const CALLS = 3;
/** Two sweeps, 15 s apart, and what they start. */
const SWEEPS_MS = 45_000;

/**
 * What of a node's kernel is ours or depends on us, as a person would look at it; what is on disk; what is claimed. Whether a
 * bridge without ports is up, and what it listens to then, is the kernel's business.
 */
async function everything(node: Node): Promise<readonly string[]> {
  const looks = [
    ['ip', '-4', '-oneline', 'address', 'show'],
    ['ip', '-4', 'route', 'show', 'table', 'all'],
    ['ip', 'neigh', 'show', 'nud', 'permanent'],
    ['bridge', 'fdb', 'show'],
    ['nft', '--stateless', 'list', 'ruleset'],
    ['ls', '/run/netns', '/var/lib/warren'],
  ];
  const outputs = await Promise.all(looks.map((argv) => node.on(argv)));
  const lines = outputs.flatMap((text) => text.split('\n')).filter((line) => !/^(33:33|01:00:5e)/.test(line));
  return [...lines.map((line) => line.replace(/( linkdown)? *$/, '')), ...(await node.traces())];
}

/** Looks until it is as before, for as long as the sweeps may take. */
async function isAsBefore(t: Test, node: Node, before: readonly string[]): Promise<void> {
  const deadline = performance.now() + SWEEPS_MS;
  let now = await everything(node);
  while (!isDeepStrictEqual(now, before) && performance.now() < deadline) {
    await sleep(500);
    now = await everything(node);
  }
  t.strictSame(now, before, 'kernel, disk and API are as before');
}

const times = <T>(count: number, make: () => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: count }, make));

async function succeeds(t: Test, node: Node, command: 'ADD' | 'CHECK' | 'DEL', sandbox: Sandbox): Promise<void> {
  const { status, stdout } = await node.plugin(command, sandbox);
  if (status !== 0) t.fail(`${command}: ${stdout}`);
}

/** Starts the calls `step` milliseconds apart, kills the agent (SIGKILL) `ms` after the first, and starts it again. */
async function crashDuring(
  node: Node,
  { ms, step }: { readonly ms: number; readonly step: number },
  calls: readonly (() => Promise<PluginAnswer>)[],
): Promise<readonly PluginAnswer[]> {
  const pid = await node.agentPid();
  const killed = sleep(ms).then(() => process.kill(pid, 'SIGKILL'));
  const answers = await Promise.all(calls.map((call, i) => sleep(i * step).then(call)));
  await killed;
  await node.killAgent();
  await node.startAgent();
  return answers;
}

test('a crash at any point of ADD and DEL leaks nothing', async (t) => {
  const lab = await withLab(t, { nodes: 2 });
  const node = nodeOf(lab);
  await network(lab, 'blue');
  await network(lab, 'green');
  await run(lab, 'peer', 'n2', NETWORKS);
  const before = await everything(node);
  const whole = Math.min(await measure(t, node), await measure(t, node), await measure(t, node));
  const step = whole / ROUNDS / CALLS;
  let cutShort = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const arriving = await times(CALLS, () => node.sandbox(NETWORKS));
    const leaving = await times(CALLS, () => node.sandbox(NETWORKS));
    await Promise.all(leaving.map((sandbox) => succeeds(t, node, 'ADD', sandbox)));
    const answers = await crashDuring(node, { ms: (round + 1) * CALLS * step, step }, [
      ...arriving.map((sandbox) => () => node.plugin('ADD', sandbox)),
      ...leaving.map((sandbox) => () => node.plugin('DEL', sandbox)),
    ]);
    cutShort += answers.filter(({ status }) => status !== 0).length;
    await Promise.all(arriving.map((sandbox, i) => endAfterCrash(t, node, sandbox, (round + i) % 2 === 0)));
    await Promise.all(leaving.map((sandbox) => succeeds(t, node, 'DEL', sandbox)));
    for (const sandbox of [...arriving, ...leaving]) await goes(t, node, sandbox);
  }
  t.comment(`an ADD takes ${whole.toFixed(0)} ms; ${cutShort} ADDs were cut short`);
  t.ok(cutShort > ROUNDS / 2, 'the kills met ADDs under way');
  await abandon(t, node);
  await isAsBefore(t, node, before);
});

/** How long an ADD takes when nothing happens to it. */
async function measure(t: Test, node: Node): Promise<number> {
  const sandbox = await node.sandbox(NETWORKS);
  const start = performance.now();
  await succeeds(t, node, 'ADD', sandbox);
  const took = performance.now() - start;
  await succeeds(t, node, 'DEL', sandbox);
  await goes(t, node, sandbox);
  return took;
}

/** As a runtime may go on: the same ADD again, or DEL alone. */
async function endAfterCrash(t: Test, node: Node, sandbox: Sandbox, isAddedAgain: boolean): Promise<void> {
  if (isAddedAgain) {
    await succeeds(t, node, 'ADD', sandbox);
    await succeeds(t, node, 'CHECK', sandbox);
  }
  await succeeds(t, node, 'DEL', sandbox);
}

async function goes(t: Test, node: Node, sandbox: Sandbox): Promise<void> {
  const links = await linksIn(node, sandbox);
  if (links.length > 1) t.fail(`left in ${sandbox.CNI_NETNS}: ${links.join('; ')}`);
  await node.removeNetns(sandbox);
}

const linksIn = async (node: Node, sandbox: Sandbox): Promise<readonly string[]> =>
  (await node.inside(sandbox, ['ip', '-oneline', 'link'])).trimEnd().split('\n');

/** Attachments whose containers vanish without DEL, and claims and devices of which the journal knows nothing. */
async function abandon(t: Test, node: Node): Promise<void> {
  const vanishing = await times(CALLS, () => node.sandbox(NETWORKS));
  const forgotten = await times(CALLS, () => node.sandbox(NETWORKS));
  for (const sandbox of [...vanishing, ...forgotten]) await succeeds(t, node, 'ADD', sandbox);
  await node.killAgent();
  for (const { CNI_CONTAINERID: id } of forgotten) await node.on(['rm', `/var/lib/warren/attachments/${id}.eth0.json`]);
  await node.startAgent();
  for (const sandbox of vanishing) await node.removeNetns(sandbox);
  const claimed = new Set((await node.endpoints()).map((one) => one.containerID));
  const all = [...vanishing, ...forgotten].map((sandbox) => sandbox.CNI_CONTAINERID);
  t.ok(
    all.every((id) => claimed.has(id)),
    'each still has its claims',
  );
  for (const sandbox of forgotten) {
    await settles(async () => (await linksIn(node, sandbox)).length, 1, 10_000);
    await goes(t, node, sandbox);
  }
}
