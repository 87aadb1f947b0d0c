import { addNetns, run } from '../fresh-netns.ts';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import type { NftElement, NftTable } from '../../../lib/dataplane/nft.ts';
import { plan } from '../../../lib/dataplane/plan.ts';
import { describeObject } from '../../../lib/dataplane/text.ts';
import type { NftDriver, NftObject, NftOp } from '../../../lib/kernel/nft/contract.ts';
import { createNftDriver } from '../../../lib/kernel/nft/driver.ts';
import { withNetns } from '../../../lib/kernel/netns/enter.ts';
import { hostObjects, networkObjects } from './tables.ts';

const here = <T>(inNetns: () => T): T => inNetns();
const nft = (...args: readonly string[]): string => run('nft', ...args);

/** The ops that a driver would be given now. */
async function pending(driver: NftDriver, want: readonly NftObject[]): Promise<readonly NftOp[]> {
  return plan(want, await driver.observe('host', here)).filter(isNftOp);
}
const isNftOp = (op: { object: { kind: string } }): op is NftOp => op.object.kind.startsWith('nft-');
const texts = (ops: readonly NftOp[]) => ops.map(({ kind, object }) => `${kind} ${describeObject(object)}`);

async function install(driver: NftDriver, want: readonly NftObject[] = hostObjects): Promise<void> {
  const errors = await driver.apply('host', await pending(driver, want), here);
  const failed = errors.filter((error) => error !== undefined);
  if (failed.length > 0) throw new AggregateError(failed, failed.map((error) => error.message).join('; '));
}

const tableOf = (family: string): NftTable => {
  const table = hostObjects.find((object) => object.kind === 'nft-table' && object.family === family);
  if (table?.kind !== 'nft-table') throw new Error(`no table of family ${family}`);
  return table;
};
const vtep = (address: string): NftElement => ({
  ...{ kind: 'nft-element', netns: 'host', family: 'inet', table: 'warren', set: 'vteps4' },
  key: [address],
});

void test('what is observed after applying is what was applied', async (t) => {
  const driver = createNftDriver();
  t.strictSame(await driver.observe('host', here), [], 'nothing before');
  await install(driver);
  t.strictSame(texts(await pending(driver, hostObjects)), []);
  t.match(nft('list', 'tables'), /table bridge warren\n.*table inet warren|table inet warren\n.*table bridge warren/s);
});

void test('a driver that starts later reads the same from nft', async (t) => {
  t.strictSame(texts(await pending(createNftDriver(), hostObjects)), []);
});

void test('a network’s table is installed in its own namespace and nowhere else', async (t) => {
  const netns = addNetns('warren-4097');
  const inside = <T>(inNetns: () => T): T => withNetns(netns, inNetns);
  const driver = createNftDriver();
  t.strictSame(
    (await driver.apply(netns, plan(networkObjects, []).filter(isNftOp), inside)).filter(
      (error) => error !== undefined,
    ),
    [],
  );
  t.strictSame(plan(networkObjects, await driver.observe(netns, inside)), []);
  t.strictSame(
    plan(networkObjects, await createNftDriver().observe(netns, inside)),
    [],
    'by a driver that starts later',
  );
  t.strictSame(texts(await pending(driver, hostObjects)), [], 'the host’s tables are as they were');
});

void test('a table that nft has made once is made again without it, and is the same', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'warren-nft-test-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const counting = join(dir, 'nft');
  writeFileSync(counting, `#!/bin/sh\necho run >> ${dir}/runs\nexec nft "$@"\n`, { mode: 0o755 });
  const driver = createNftDriver(counting);
  const listings: string[] = [];
  for (const name of ['n1', 'n2', 'n3']) {
    const netns = addNetns(name);
    const inside = <T>(inNetns: () => T): T => withNetns(netns, inNetns);
    const wanted = networkObjects.map((object) => ({ ...object, netns }));
    const errors = await driver.apply(netns, plan(wanted, []).filter(isNftOp), inside);
    t.strictSame(
      errors,
      wanted.map(() => undefined),
    );
    t.strictSame(plan(wanted, await driver.observe(netns, inside)), []);
    t.strictSame(plan(wanted, await createNftDriver().observe(netns, inside)), [], 'as nft lists it, too');
    listings.push(run('ip', 'netns', 'exec', name, 'nft', 'list', 'ruleset'));
  }
  t.equal(readFileSync(join(dir, 'runs'), 'utf8'), 'run\n');
  t.equal(new Set(listings).size, 1);
  t.match(listings[0], /chain prerouting/);
});

const tampering: readonly (readonly [what: string, command: readonly string[], expected: readonly string[]])[] = [
  [
    'a chain is flushed',
    ['flush', 'chain', 'bridge', 'warren', 'prerouting'],
    ['change nft table bridge warren in the host netns'],
  ],
  [
    'a policy is changed',
    ['chain', 'inet', 'warren', 'input', '{', 'policy', 'drop', ';', '}'],
    ['change nft table inet warren in the host netns'],
  ],
  [
    'a rule is added',
    ['insert', 'rule', 'inet', 'warren', 'input', 'accept'],
    ['change nft table inet warren in the host netns'],
  ],
  ['a chain is added', ['add', 'chain', 'inet', 'warren', 'extra'], ['change nft table inet warren in the host netns']],
  [
    'a set is added',
    ['add', 'set', 'inet', 'warren', 'extra', '{', 'type', 'inet_service', ';', '}'],
    ['change nft table inet warren in the host netns'],
  ],
  [
    'the table is made dormant',
    ['add', 'table', 'bridge', 'warren', '{', 'flags', 'dormant', ';', '}'],
    ['change nft table bridge warren in the host netns'],
  ],
  [
    'an element is added',
    ['add', 'element', 'inet', 'warren', 'vteps4', '{', '6.6.6.6', '}'],
    ['delete nft element inet warren vteps4 { 6.6.6.6 } in the host netns'],
  ],
  [
    'an element is deleted',
    ['delete', 'element', 'inet', 'warren', 'vteps4', '{', '172.30.0.12', '}'],
    ['create nft element inet warren vteps4 { 172.30.0.12 } in the host netns'],
  ],
];

void test('what someone changes by hand is seen and put right', async (t) => {
  for (const [what, command, expected] of tampering) {
    for (const [who, driver] of [
      ['the one that installed it', createNftDriver()],
      ['a later one', createNftDriver()],
    ] as const) {
      await install(driver);
      nft(...command);
      const seer = who === 'a later one' ? createNftDriver() : driver;
      t.strictSame(texts(await pending(seer, hostObjects)), expected, `${what}, seen by ${who}`);
      await install(seer);
      t.strictSame(texts(await pending(createNftDriver(), hostObjects)), [], `${what}, put right`);
    }
  }
});

void test('a single rule deleted by hand is seen', async (t) => {
  const driver = createNftDriver();
  await install(driver);
  const handle = /sent by a process" # handle (\d+)/.exec(nft('-a', 'list', 'table', 'inet', 'warren'))?.[1] ?? '';
  nft('delete', 'rule', 'inet', 'warren', 'postrouting', 'handle', handle);
  t.strictSame(texts(await pending(driver, hostObjects)), ['change nft table inet warren in the host netns']);
  await install(driver);
  t.match(nft('list', 'table', 'inet', 'warren'), /sent by a process/);
});

void test('counting packets changes nothing', async (t) => {
  const driver = createNftDriver();
  await install(driver);
  run('ip', 'link', 'set', 'lo', 'up');
  run('bash', '-c', 'echo x > /dev/udp/127.0.0.1/4789 || true');
  t.match(nft('list', 'table', 'inet', 'warren'), /counter packets 1 bytes/);
  t.strictSame(texts(await pending(driver, hostObjects)), []);
  t.strictSame(texts(await pending(createNftDriver(), hostObjects)), []);
});

void test('a table changes in one transaction and keeps its elements', async (t) => {
  const driver = createNftDriver();
  await install(driver);
  const { chains, ...rest } = tableOf('inet');
  const changed = { ...rest, chains: chains.filter((chain) => chain.name !== 'masquerade') };
  const errors = await driver.apply('host', [{ kind: 'change', object: changed, from: tableOf('inet') }], here);
  t.strictSame(errors, [undefined]);
  const listing = nft('list', 'table', 'inet', 'warren');
  t.match(listing, /elements = \{ 172\.30\.0\.11, 172\.30\.0\.12 \}/);
  t.notMatch(listing, /masquerade/);
  await install(driver);
});

void test('a table that the kernel refuses leaves the one that is there', async (t) => {
  const driver = createNftDriver();
  await install(driver);
  const table = tableOf('inet');
  const [chain] = table.chains;
  const broken = {
    ...table,
    chains: chain ? [chain, { ...chain, name: 'b', rules: [{ comment: '', statements: ['nonsense'] }] }] : [],
  };
  const [error] = await driver.apply('host', [{ kind: 'change', object: broken, from: table }], here);
  t.match(error?.message, /^cannot change nft table inet warren in the host netns: .*Error: /);
  t.strictSame(texts(await pending(driver, hostObjects)), []);
});

void test('creating what is there fails, deleting what is not there succeeds', async (t) => {
  const driver = createNftDriver();
  await install(driver);
  const [table, element] = await driver.apply(
    'host',
    [
      { kind: 'create', object: tableOf('inet') },
      { kind: 'create', object: vtep('172.30.0.12') },
    ],
    here,
  );
  t.match(table?.message, /cannot create nft table inet warren .*File exists/s);
  t.match(element?.message, /cannot create nft element inet warren vteps4 \{ 172\.30\.0\.12 \}.*EEXIST/);
  const absent: readonly NftOp[] = [
    { kind: 'delete', object: vtep('9.9.9.9') },
    { kind: 'delete', object: { ...vtep('9.9.9.9'), set: 'nothing' } },
    { kind: 'delete', object: { ...vtep('9.9.9.9'), family: 'bridge', table: 'other' } },
    { kind: 'delete', object: { ...tableOf('inet'), name: 'other' } },
  ];
  t.strictSame(
    await driver.apply('host', absent, here),
    absent.map(() => undefined),
  );
});

void test('one element that is refused does not keep the others of its transaction away', async (t) => {
  const driver = createNftDriver();
  await install(driver);
  const many = Array.from({ length: 1000 }, (_, i) => vtep(`10.9.${i >> 8}.${i & 255}`));
  const add = [
    ...many.slice(0, 500),
    vtep('172.30.0.12'),
    ...many.slice(500),
    { ...vtep('x'), key: ['not an address'] },
  ];
  const errors = await driver.apply(
    'host',
    add.map((object) => ({ kind: 'create', object })),
    here,
  );
  t.strictSame(
    errors.flatMap((error, at) => (error ? [at] : [])),
    [500, 1001],
  );
  t.match(errors[1001]?.message, /"not an address" is not an IP address/);
  const observed = await driver.observe('host', here);
  t.equal(observed.length, hostObjects.length + 1000);
  const gone = await driver.apply(
    'host',
    many.map((object) => ({ kind: 'delete', object })),
    here,
  );
  t.strictSame(
    gone.filter((error) => error !== undefined),
    [],
  );
  t.strictSame(texts(await pending(driver, hostObjects)), []);
});

void test('deleted tables are gone', async (t) => {
  const driver = createNftDriver();
  await install(driver);
  await install(driver, []);
  t.equal(nft('list', 'ruleset'), '');
});

void test('nft that is missing, too old or mute is one clear error', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'warren-nft-test-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const fake = (name: string, script: string): string => {
    writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return join(dir, name);
  };
  const old = fake('old', 'test "$1" = --version && echo "nftables v0.9.0 (Fearless Fosdick)"; exit 1');
  const mute = fake('mute', 'test "$1" = --version && echo "nftables v1.0.6 (Lester Gooch #5)"; exit 3');
  const create: readonly NftOp[] = [{ kind: 'create', object: tableOf('inet') }];
  const what = 'cannot create nft table inet warren in the host netns: ';
  const cases = [
    [
      join(dir, 'missing'),
      `cannot run ${join(dir, 'missing')}: install the package "nftables" (spawn ${join(dir, 'missing')} ENOENT)`,
    ],
    [old, `${what}nft 0.9.0 is too old: install the package "nftables" in version 1.0.0 or later`],
    [mute, `${what}nft ended with status 3`],
  ] as const;
  for (const [binary, message] of cases) {
    const [error] = await createNftDriver(binary).apply('host', create, here);
    t.equal(error?.message, message);
  }
});
