/** CNI conformance with no agent: D2, S1, and what the other verbs say. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { decodeRequest } from '../../../lib/api/plugin-wire.ts';
import { ensurePlugin, errorOf, runPlugin } from './plugin.ts';
import { temporaryDir } from './temporary-dir.ts';

ensurePlugin();

function downNode(t: Test, change: object = {}) {
  const dir = temporaryDir(t);
  mkdirSync(join(dir, 'run'));
  const agentSocket = join(dir, 'run', 'agent.sock');
  const queueDir = join(dir, 'state', 'queue');
  const stdin = JSON.stringify({
    cniVersion: '1.1.0',
    name: 'warren',
    type: 'warren',
    agentSocket,
    queueDir,
    ...change,
  });
  const call = (env: Record<string, string>) => runPlugin({ env, stdin });
  return { dir, agentSocket, queueDir, stdin, call };
}

const container = { CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/c1', CNI_IFNAME: 'eth0' };

test('S1: STATUS says 50, the others say try again; each names the socket and the next step', async (t) => {
  const node = downNode(t);
  const table = [
    [{ CNI_COMMAND: 'ADD', ...container }, 11],
    [{ CNI_COMMAND: 'CHECK', ...container }, 11],
    [{ CNI_COMMAND: 'GC' }, 11],
    [{ CNI_COMMAND: 'STATUS' }, 50],
  ] as const;
  for (const [env, code] of table) {
    const error = errorOf(await node.call(env));
    t.match(error, { code, msg: /kubectl -n warren-system get pods/ }, env.CNI_COMMAND);
    t.ok(error.msg.includes(`${node.agentSocket}: it does not exist`), error.msg);
  }
  t.strictSame(readdirSync(node.dir), ['run'], 'nothing was written');
});

test('a socket that a dead agent left behind counts as no agent', async (t) => {
  const node = downNode(t);
  const script = `require("net").createServer().listen(${JSON.stringify(node.agentSocket)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ['-e', script]);
  t.ok(existsSync(node.agentSocket));
  t.match(errorOf(await node.call({ CNI_COMMAND: 'STATUS' })), { code: 50, msg: /nobody listens on it/ });
});

test('D2: DEL succeeds and is queued, whole, durable and for root only', async (t) => {
  const node = downNode(t);
  const env = {
    CNI_COMMAND: 'DEL',
    ...container,
    CNI_ARGS: 'K8S_POD_NAMESPACE=a;K8S_POD_NAME=b',
    PATH: '/bin',
    SECRET: 'x',
  };
  t.strictSame(await node.call(env), { status: 0, stdout: '', stderr: '' });
  t.strictSame(readdirSync(node.queueDir), ['c1@eth0.del']);
  const file = join(node.queueDir, 'c1@eth0.del');
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(node.queueDir).mode & 0o777, 0o700);
  const { PATH: _path, SECRET: _secret, ...passed } = env;
  const decoded = decodeRequest(readFileSync(file));
  t.match(decoded, { done: true, value: { env: passed } });
  t.strictSame(decoded.done && Object.keys(decoded.value.env).toSorted(), Object.keys(passed).toSorted());
  t.equal(decoded.done && Buffer.from(decoded.value.stdin).toString(), node.stdin, 'stdin byte for byte');
});

test('D1, D2: the same DEL again stays one, others are queued beside it', async (t) => {
  const node = downNode(t);
  const del = { CNI_COMMAND: 'DEL', ...container };
  const calls = [del, del, { ...del, CNI_IFNAME: 'net1' }, { ...del, CNI_CONTAINERID: 'c2', CNI_NETNS: '' }, del];
  const answers = await Promise.all(calls.map((env) => node.call(env)));
  t.strictSame(
    answers.map((answer) => answer.status),
    [0, 0, 0, 0, 0],
  );
  t.strictSame(readdirSync(node.queueDir).toSorted(), ['c1@eth0.del', 'c1@net1.del', 'c2@eth0.del']);
});

test('D2: a DEL that cannot be queued fails, says why, and leaves nothing half written', async (t) => {
  const node = downNode(t);
  writeFileSync(join(node.dir, 'state'), 'a file where the folder should be');
  const error = errorOf(await node.call({ CNI_COMMAND: 'DEL', ...container }));
  t.match(error, { code: 5, msg: /cannot be queued in .*state\/queue \(E[A-Z]+\)/ });
  t.notMatch(error.msg, /not found/, 'go-cni takes that wording for success');
});

test('D2: an agent that hangs up or talks nonsense is down, too', async (t) => {
  const node = downNode(t);
  const answers = [Buffer.alloc(0), Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), Buffer.from('WRN1\0\0')];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(answers.shift() ?? ''));
  }).listen(node.agentSocket);
  t.teardown(() => server.close());
  for (const reason of [/closed the connection/, /makes no sense/]) {
    t.match(errorOf(await node.call({ CNI_COMMAND: 'ADD', ...container })), { code: 11, msg: reason });
  }
  t.match(await node.call({ CNI_COMMAND: 'DEL', ...container }), { status: 0, stdout: '' });
  t.strictSame(readdirSync(node.queueDir), ['c1@eth0.del']);
});
