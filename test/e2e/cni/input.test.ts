/** CNI conformance, rows that need no agent: C1 to C7, V1 to V3, X3. The executable itself decides them. */
import { spawn } from 'node:child_process';
import { test } from 'tap';
import { CNI_VERSIONS } from '../../../lib/api/cni.ts';
import { ensurePlugin, errorOf, PLUGIN, runPlugin } from './plugin.ts';

ensurePlugin();

const conf = {
  cniVersion: '1.1.0',
  name: 'warren',
  type: 'warren',
  agentSocket: '/nonexistent/agent.sock',
  queueDir: '/nonexistent/queue',
};
const stdin = JSON.stringify(conf);
const add = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/c1', CNI_IFNAME: 'eth0' };
const json = (change: object): string => JSON.stringify({ ...conf, ...change });

test('C4: without CNI_COMMAND it says what it is, on stderr, and waits for no input', async (t) => {
  for (const env of [{}, { CNI_COMMAND: '' }]) {
    const answer = await runPlugin({ env, stdin: '' });
    t.match(answer, { status: 0, stdout: '', stderr: /CNI plugin of Warren/ });
    t.match(answer.stderr, /0\.3\.0, .*1\.1\.0/);
  }
});

test('V1: VERSION echoes the version and lists ours, without any other environment', async (t) => {
  for (const cniVersion of ['0.1.0', '0.4.0', '1.1.0', '9.9.9']) {
    const answer = await runPlugin({ env: { CNI_COMMAND: 'VERSION' }, stdin: JSON.stringify({ cniVersion }) });
    t.match(answer, { status: 0, stderr: '' });
    t.strictSame(JSON.parse(answer.stdout), { cniVersion, supportedVersions: [...CNI_VERSIONS] });
  }
  t.match(await runPlugin({ env: { CNI_COMMAND: 'VERSION' }, stdin: '' }), { status: 0 });
});

interface Row {
  readonly what: string;
  readonly env: Record<string, string>;
  readonly stdin: string | Uint8Array;
  readonly code: number;
  readonly msg: RegExp;
  readonly echo?: string;
}

const deep = json({ ipam: 0 }).replace('"ipam":0', `"ipam":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
const long = 'x'.repeat(16);
const rows: readonly Row[] = [
  { what: 'C5 unknown command', env: { ...add, CNI_COMMAND: 'UPDATE' }, stdin, code: 4, msg: /CNI_COMMAND.*UPDATE/ },
  ...['ADD', 'CHECK'].map((CNI_COMMAND) => ({
    what: `C5 ${CNI_COMMAND} without parameters`,
    env: { CNI_COMMAND },
    stdin,
    code: 4,
    msg: /CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME/,
  })),
  {
    what: 'C5 DEL without parameters',
    env: { CNI_COMMAND: 'DEL' },
    stdin,
    code: 4,
    msg: /CNI_CONTAINERID, CNI_IFNAME/,
  },
  { what: 'C5 environment before stdin', env: { CNI_COMMAND: 'ADD' }, stdin: '{', code: 4, msg: /CNI_CONTAINERID/ },
  ...[long, '.', '..', 'a/b', 'a:b', 'a b'].map((CNI_IFNAME) => ({
    what: `C6 interface "${CNI_IFNAME}"`,
    env: { ...add, CNI_IFNAME },
    stdin,
    code: 4,
    msg: /CNI_IFNAME/,
  })),
  ...['../x', '-x', '.x', 'a b', 'a/b', 'ä'].map((CNI_CONTAINERID) => ({
    what: `C6 container "${CNI_CONTAINERID}"`,
    env: { ...add, CNI_CONTAINERID },
    stdin,
    code: 4,
    msg: /CNI_CONTAINERID/,
  })),
  {
    what: 'C6 DEL',
    env: { CNI_COMMAND: 'DEL', CNI_CONTAINERID: 'a', CNI_IFNAME: long },
    stdin,
    code: 4,
    msg: /CNI_IFNAME/,
  },
  { what: 'C7 no stdin', env: add, stdin: '', code: 6, msg: /stdin.*JSON/ },
  { what: 'C7 cut off', env: add, stdin: stdin.slice(0, -1), code: 6, msg: /stdin.*JSON/ },
  { what: 'C7 a list', env: add, stdin: '[]', code: 6, msg: /must be a JSON object, not a list/ },
  { what: 'C7 a million brackets', env: add, stdin: '['.repeat(1_000_000), code: 6, msg: /stdin/ },
  { what: 'C7 not UTF-8', env: add, stdin: Buffer.from([0x7b, 0xff, 0x7d]), code: 6, msg: /stdin/ },
  { what: 'C7 no name', env: add, stdin: json({ name: undefined }), code: 7, msg: /name/ },
  { what: 'C7 illegal name', env: add, stdin: json({ name: 'a/b' }), code: 7, msg: /name: "a\/b"/ },
  {
    what: 'V2 unknown version',
    env: add,
    stdin: json({ cniVersion: '9.9.9' }),
    code: 1,
    msg: /"9\.9\.9"/,
    echo: '9.9.9',
  },
  { what: 'V2 no version', env: add, stdin: json({ cniVersion: undefined }), code: 1, msg: /has no cniVersion/ },
  {
    what: 'V2 an old one',
    env: { CNI_COMMAND: 'STATUS' },
    stdin: json({ cniVersion: '0.2.0' }),
    code: 1,
    msg: /0\.2\.0/,
    echo: '0.2.0',
  },
  {
    what: 'V3 CHECK',
    env: { ...add, CNI_COMMAND: 'CHECK' },
    stdin: json({ cniVersion: '0.3.1' }),
    code: 1,
    msg: /CHECK/,
    echo: '0.3.1',
  },
  {
    what: 'V3 GC',
    env: { CNI_COMMAND: 'GC' },
    stdin: json({ cniVersion: '1.0.0' }),
    code: 1,
    msg: /GC/,
    echo: '1.0.0',
  },
  {
    what: 'V3 STATUS',
    env: { CNI_COMMAND: 'STATUS' },
    stdin: json({ cniVersion: '1.0.0' }),
    code: 1,
    msg: /STATUS/,
    echo: '1.0.0',
  },
  { what: 'unsupported field', env: add, stdin: json({ ipam: { type: 'dhcp' } }), code: 2, msg: /ipam\.type: "dhcp"/ },
  { what: 'deep nesting', env: add, stdin: deep, code: 2, msg: /ipam: an object/ },
  { what: 'network name', env: add, stdin: json({ network: 'No' }), code: 7, msg: /network: "No"/ },
  { what: 'CNI_ARGS', env: { ...add, CNI_ARGS: 'x' }, stdin, code: 4, msg: /CNI_ARGS/ },
  {
    what: 'C3',
    env: { ...add, CNI_IFNAME: long },
    stdin: json({ cniVersion: '0.3.1' }),
    code: 4,
    msg: /CNI_IFNAME/,
    echo: '0.3.1',
  },
];

test('C2, C3, C5 to C7, V2, V3: bad input gets one error document with its code and the version it came with', async (t) => {
  for (const row of rows) {
    const answer = await runPlugin({ env: row.env, stdin: row.stdin });
    t.match(errorOf(answer), { code: row.code, msg: row.msg, cniVersion: row.echo ?? '1.1.0' }, row.what);
    t.equal(answer.stderr, '', `${row.what}: nothing on stderr`);
    t.equal(answer.status, 1, `${row.what}: status`);
  }
});

test('X3: stdin is read to its end, up to 16 MiB', async (t) => {
  const wrap = (size: number): string => json({ name: 'a/b', pad: 'x'.repeat(size) });
  const almost = 16 * 1024 * 1024 - wrap(0).length;
  t.match(errorOf(await runPlugin({ env: add, stdin: wrap(almost) })), { code: 7 }, 'parsed to the end');
  t.match(errorOf(await runPlugin({ env: add, stdin: wrap(almost + 1) })), { code: 5, msg: /16777216 bytes/ });
});

test('X3: a configuration that arrives in pieces is waited for', async (t) => {
  const child = spawn(PLUGIN, [], { env: { CNI_COMMAND: 'VERSION' }, stdio: ['pipe', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stdin.write('{"cniVersion":');
  await new Promise((wait) => setTimeout(wait, 100));
  t.equal(chunks.length, 0);
  child.stdin.end('"0.4.0"}');
  await new Promise((closed) => child.on('close', closed));
  t.match(JSON.parse(Buffer.concat(chunks).toString()), { cniVersion: '0.4.0' });
});
