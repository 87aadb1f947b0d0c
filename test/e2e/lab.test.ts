// The lab itself: what `up`, `down` and containers do when things are not as expected.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import * as z from 'zod';
import { runCommand } from '../../lib/lab/command.ts';
import { agentDaemon, API_SERVER, controlDaemon, daemonsOf } from '../../lib/lab/daemons.ts';
import { labDown } from '../../lib/lab/down.ts';
import { type Lab, openLab } from '../../lib/lab/lab.ts';
import { listEndpoints } from '../../lib/lab/lab-view.ts';
import { MOUNT_POINTS } from '../../lib/lab/layout.ts';
import { removeMountPoints } from '../../lib/lab/mount-points.ts';
import { parseMountinfo } from '../../lib/lab/mountinfo.ts';
import { onNode } from '../../lib/lab/node.ts';
import { killProcess, runningProcess, startProcess } from '../../lib/lab/process.ts';
import { findPrograms } from '../../lib/lab/programs.ts';
import { DEFAULT_OPTIONS } from '../../lib/lab/topology.ts';
import { labUp } from '../../lib/lab/up.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { labFolder, network, run, withLab } from './lab-harness.ts';

const silent = (): void => undefined;
const { warrenctl } = findPrograms();

const versionSchema = z.object({ metadata: z.object({ resourceVersion: z.coerce.number() }) });
const snapshotSchema = z.object({ version: z.number() });

/** What the API server holds now has reached its disk; it writes a moment after each change. */
async function isSaved(lab: Lab): Promise<void> {
  const now = versionSchema.parse(await lab.api.request('/api/v1/nodes')).metadata.resourceVersion;
  await eventually(async () => {
    const [header = ''] = (await readFile(lab.layout.snapshot, 'utf8')).split('\n');
    const { version } = snapshotSchema.parse(JSON.parse(header));
    if (version < now) throw new Error(`the snapshot is of version ${version}, not of ${now}`);
  }, 20_000);
}

test('up again leaves what runs and starts what does not', async (t) => {
  const lab = await withLab(t, { nodes: 2 });
  const pids = () => Promise.all(daemonsOf(lab).map(async (daemon) => (await runningProcess(lab.layout, daemon))?.pid));
  const before = await pids();
  await labUp(lab.layout.dir, lab.state.options, silent);
  t.strictSame(await pids(), before, 'the same processes');
  const agent = (await runningProcess(lab.layout, agentDaemon('n2')))!;
  await killProcess(agent);
  await labUp(lab.layout.dir, lab.state.options, silent);
  const after = await pids();
  t.strictSame(after.slice(0, 3), before.slice(0, 3), 'the others are the same');
  t.ok(after[3] !== undefined && after[3] !== agent.pid, 'the killed agent is another one');
});

test('an API server that was killed comes back with what it had, and nobody has to be restarted', async (t) => {
  const lab = await withLab(t, { nodes: 1 });
  const { vni } = await network(lab, 'blue');
  await run(lab, 'a1', 'n1', 'blue');
  await isSaved(lab);
  await controlDaemon(lab, API_SERVER, 'kill');
  await t.rejects(lab.api.request('/api/v1/nodes'), /does not answer/);
  await controlDaemon(lab, API_SERVER, 'start');
  t.equal((await network(lab, 'blue')).vni, vni);
  t.equal((await listEndpoints(lab)).length, 1);
  await eventually(() => run(lab, 'a2', 'n1', 'blue'), 60_000, 500);
  t.equal((await listEndpoints(lab)).length, 2);
});

test('up with other options is refused, and the lab stays', async (t) => {
  const lab = await withLab(t, { nodes: 1 });
  await t.rejects(labUp(lab.layout.dir, { ...DEFAULT_OPTIONS, nodes: 2 }, silent), /is up with nodes 1, not 2/);
  await t.resolves(openLab(lab.layout.dir));
});

test('two labs side by side know nothing of each other', async (t) => {
  const [one, two] = [await withLab(t, { nodes: 1 }), await withLab(t, { nodes: 1 })];
  t.not(one.state.apiPort, two.state.apiPort);
  await one.api.request('/api/v1/namespaces', {
    method: 'POST',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'only-here' } },
  });
  await t.rejects(two.api.request('/api/v1/namespaces/only-here'), /not found/);
  await labDown(one.layout.dir);
  await t.resolves(two.api.request('/api/v1/nodes/n1'), 'the other lab still serves');
});

test('the end of one lab leaves another its folders, also while nothing runs there', async (t) => {
  const lab = await withLab(t, { nodes: 1 });
  for (const daemon of daemonsOf(lab)) await controlDaemon(lab, daemon, 'kill');
  t.strictSame(await removeMountPoints(MOUNT_POINTS), []);
  const mounts = parseMountinfo((await runCommand(onNode(lab.layout, 'n1', ['cat', '/proc/self/mountinfo']))).stdout);
  const targets = new Set(mounts.map(({ target }) => target));
  t.strictSame(
    MOUNT_POINTS.filter((path) => !targets.has(path)),
    [],
    'all are still mounted',
  );
});

test('down removes a lab whose processes were killed and whose files are damaged', async (t) => {
  const lab = await withLab(t, { nodes: 1 });
  const stray = await startProcess(lab.layout, { name: 'stray', argv: ['sleep', '1000'], env: lab.env });
  const inside = await startProcess(lab.layout, {
    name: 'inside',
    argv: onNode(lab.layout, 'n1', ['sleep', '1000']),
    env: {},
  });
  await killProcess((await runningProcess(lab.layout, API_SERVER))!);
  await rm(lab.layout.pids, { recursive: true });
  const report = await labDown(lab.layout.dir);
  const pids = report?.processes.map(({ pid }) => pid) ?? [];
  t.ok(pids.includes(stray.pid), 'found by its environment');
  t.ok(pids.includes(inside.pid), 'found by its namespaces');
  t.strictSame(report?.left, []);
  await t.rejects(readdir(lab.layout.dir), { code: 'ENOENT' });
});

test('down of a lab that is not there does nothing', async (t) => {
  const dir = await labFolder(t);
  await rm(dir, { recursive: true });
  t.equal(await labDown(dir), undefined);
});

test("a folder that holds something else is nobody's lab", async (t) => {
  const dir = await mkdtemp('/var/tmp/warren-test-');
  t.teardown(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'precious'), '');
  await t.rejects(labUp(dir, DEFAULT_OPTIONS, silent), /is not empty and is no lab/);
  await t.rejects(labDown(dir), /is not empty and is no lab/);
  t.strictSame(await readdir(dir), ['precious']);
});

test('a program that is in the lab cannot remove it', async (t) => {
  const lab = await withLab(t, { nodes: 1 });
  const argv = onNode(lab.layout, 'n1', [warrenctl, 'lab', 'down', '--dir', lab.layout.dir]);
  const done = await runCommand(argv, { env: lab.env });
  t.equal(done.status, 1);
  t.match(done.stderr, /this command runs inside the lab/);
  await t.resolves(openLab(lab.layout.dir));
});

test('run and exec return the status of their command, run removes its container', async (t) => {
  const lab = await withLab(t, { nodes: 1 });
  const ctl = (...args: string[]) =>
    runCommand([warrenctl, 'lab', ...args], { env: { ...process.env, WARREN_LAB_DIR: lab.layout.dir } });
  const ran = await ctl('run', 'a1', '--node', 'n1', '--', 'sh', '-c', 'echo out; exit 7');
  t.equal(ran.status, 7);
  t.equal(ran.stdout, 'out\n', 'standard output is that of the command alone');
  t.match(await ctl('exec', 'a1', '--', 'true'), { status: 125, stderr: /there is no container "a1"/ });
  t.match(await ctl('run', 'a2', '--node', 'n1', '-d', '--', 'sleep', '1000'), {
    status: 0,
    stdout: /^a2 on n1: eth0 /,
  });
  t.match(await ctl('exec', 'a2', '--', 'no-such-program'), { status: 127 });
  t.match(await ctl('exec', 'a2', '--', 'sh', '-c', 'kill -9 $$'), { status: 137 });
  t.match(await ctl('run', 'a2', '--node', 'n1', '-d'), { status: 125, stderr: /there is a container "a2" already/ });
  t.match(await ctl('run', 'a3', '--node', 'n9', '-d'), {
    status: 125,
    stderr: /no node "n9"\n {2}nodes of this lab: n1/,
  });
  t.match(await ctl('get', 'pods', 'a2'), { status: 0, stdout: /a2 +1\/1 +Running/ });
  t.match(await ctl('rm', 'a2'), { status: 0, stdout: 'a2\n' });
  t.match(await ctl('get', 'pods'), { status: 0, stdout: 'no pods\n' });
});

test('flags and commands that are none are refused with status 2', async (t) => {
  for (const [args, error] of [
    [['lab', 'up', '--node', '3'], /Unknown argument: node/],
    [['lab', 'upp'], /Did you mean up/],
    [['lab', 'up', '--nodes', 'three'], /--nodes NaN/],
    [['lab', 'run', 'a1'], /Missing required argument: node/],
    [['lab', 'fault', 'explode'], /Invalid values/],
    [[], /name a command/],
  ] as const) {
    const done = await runCommand([warrenctl, ...args]);
    t.equal(done.status, 2, args.join(' '));
    t.match(done.stderr, error);
    t.equal(done.stdout, '');
  }
});
