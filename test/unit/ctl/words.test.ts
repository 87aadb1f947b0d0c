// Filters, near names, ages, tables, names of the program: the small things that a person reads.
import { test } from 'tap';
import { programName } from '../../../cmd/ctl/program.ts';
import { ageOf, humanDuration } from '../../../lib/ctl/age.ts';
import { completionScript, namesWanted } from '../../../lib/ctl/completion-script.ts';
import { didYouMean, editDistance, nearNames } from '../../../lib/ctl/near-names.ts';
import { lsFilter, pruneFilter } from '../../../lib/ctl/network-filter.ts';
import { networkColumns, nodeState } from '../../../lib/ctl/object-column.ts';
import { table } from '../../../lib/ctl/table.ts';
import { ansiText, plainText, wantsColour } from '../../../lib/ctl/text-style.ts';
import { network, notReady, peer } from './objects.ts';

const now = new Date('2026-01-03T03:04:05Z');
const networks = [
  network('blue', { metadata: { labels: { team: 'a', tier: 'db' } } }),
  network('blue-2', { metadata: { labels: { team: 'b' }, creationTimestamp: '2026-01-03T03:00:00Z' } }),
  network('green'),
];
const context = { isUnused: ({ metadata }: { metadata: { name: string } }) => metadata.name === 'green', now };

const kept = (filter: typeof lsFilter, texts: readonly string[]): string => {
  const parsed = filter(texts, context);
  if (!parsed.ok) return parsed.error;
  return networks
    .filter(parsed.value)
    .map(({ metadata }) => metadata.name)
    .join(' ');
};

test("docker's filters of network ls", (t) => {
  for (const [texts, wanted] of [
    [[], 'blue blue-2 green'],
    [['name=blue'], 'blue blue-2'],
    [['name=^blue$'], 'blue'],
    [['name=['], ''],
    [['name=blue-2', 'name=gre'], 'blue-2 green'],
    [['label=team'], 'blue blue-2'],
    [['label=team=a'], 'blue'],
    [['label=team', 'label=tier=db'], 'blue'],
    [['name=blue', 'label=team=b'], 'blue-2'],
    [['id=uid-of-g'], 'green'],
    [['driver=overlay', 'scope=swarm', 'type=custom'], 'blue blue-2 green'],
    [['driver=bridge'], ''],
    [['type=builtin'], ''],
    [['dangling=true'], 'green'],
    [['dangling=false'], 'blue blue-2'],
    [['label=constructor'], ''],
  ] as const)
    t.equal(kept(lsFilter, texts), wanted, texts.join(' '));
  t.match(kept(lsFilter, ['nme=x']), /--filter nme=x: write KEY=VALUE; keys are driver, scope, id/);
  t.match(kept(lsFilter, ['blue']), /write KEY=VALUE/);
  t.match(kept(lsFilter, ['dangling=maybe']), /write true or false/);
  t.match(kept(lsFilter, ['constructor=1']), /write KEY=VALUE/);
  t.end();
});

test("docker's filters of network prune", (t) => {
  for (const [texts, wanted] of [
    [['until=1h'], 'blue green'],
    [['until=1h30m', 'label=team'], 'blue'],
    [['until=2026-01-02T12:00:00Z'], 'blue green'],
    [['until=1767323000'], ''],
    [['label!=team'], 'green'],
    [['label!=team=a'], 'blue-2 green'],
  ] as const)
    t.equal(kept(pruneFilter, texts), wanted, texts.join(' '));
  t.match(kept(pruneFilter, ['until=soon']), /write a time, or a duration such as 10m/);
  t.match(kept(pruneFilter, ['name=x']), /keys are label, label!, until/);
  t.end();
});

test('the names that a person may have meant', (t) => {
  const names = ['blue', 'green', 'backend', 'backend-2'];
  for (const [word, wanted] of [
    ['bleu', 'blue'],
    ['blu', 'blue'],
    ['bakend', 'backend'],
    ['backend-', 'backend backend-2'],
    ['greem', 'green'],
    ['zzz', ''],
  ] as const)
    t.equal(nearNames(word, names).join(' '), wanted, word);
  t.equal(editDistance('', 'abc'), 3);
  t.equal(editDistance('abcd', 'abdc'), 1);
  t.equal(didYouMean('bleu', names, 'see ls'), 'did you mean blue? see ls');
  t.equal(didYouMean('zzz', names, 'see ls'), 'see ls');
  t.end();
});

test('ages are worded as kubectl words them', (t) => {
  for (const [seconds, wanted] of [
    [-60, '<invalid>'],
    [-1, '0s'],
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [190, '3m10s'],
    [600, '10m'],
    [10_799, '179m'],
    [10_800, '3h'],
    [11_100, '3h5m'],
    [28_800, '8h'],
    [172_799, '47h'],
    [183_600, '2d3h'],
    [691_200, '8d'],
    [63_072_000, '2y'],
    [66_000_000, '2y33d'],
    [315_360_000, '10y'],
  ] as const)
    t.equal(humanDuration(seconds), wanted, String(seconds));
  t.equal(ageOf('2026-01-02T03:04:05Z', now), '24h');
  t.equal(ageOf(undefined, now), '<unknown>');
  t.end();
});

test('columns are aligned by what is read, colour or not', (t) => {
  const rows = [
    ['A', 'LONGER', 'C'],
    ['aaa', 'b', ''],
  ];
  t.equal(table(rows), 'A     LONGER   C\naaa   b');
  t.equal(
    table(rows, (cell) => ansiText('red', cell))
      .replaceAll(/\u001B\[\d+m/g, '')
      .trimEnd(),
    table(rows),
  );
  t.equal(plainText('red', 'x'), 'x');
  t.end();
});

test('colour is for terminals, and NO_COLOR forbids it', (t) => {
  t.equal(wantsColour(true, {}), true);
  t.equal(wantsColour(false, {}), false);
  t.equal(wantsColour(true, { NO_COLOR: '1' }), false);
  t.equal(wantsColour(true, { NO_COLOR: '' }), true);
  t.equal(wantsColour(true, { TERM: 'dumb' }), false);
  t.end();
});

test('a network that is not ready says why in its row', (t) => {
  const cells = (of: ReturnType<typeof network>) =>
    Object.fromEntries(networkColumns.map(({ header, cell }) => [header, cell(of, now)]));
  t.match(cells(network('blue')), {
    NAME: 'blue',
    SUBNET: '10.0.0.0/24',
    VNI: '4097',
    READY: 'True',
    AGE: '24h',
    MESSAGE: '<none>',
  });
  const refused = network('red', {
    status: { subnets: undefined, vni: undefined, conditions: notReady('the pool is full') },
  });
  t.match(cells(refused), { SUBNET: '<none>', VNI: '-', READY: 'False (Refused)', MESSAGE: 'the pool is full' });
  t.equal(nodeState(peer('n1')), 'Reported');
  t.equal(nodeState(peer('n1', { status: { vteps: [] } })), 'NoAgent');
  t.equal(nodeState(peer('n1', { spec: { gatewaySubnets: [] } })), 'NoGatewaySubnet');
  t.equal(nodeState(peer('n1', { status: { conditions: notReady('x') } })), 'NotReady (Refused)');
  t.end();
});

test('the program is called as its file is', (t) => {
  t.equal(programName('/usr/local/bin/kubectl-warren'), 'kubectl warren');
  t.equal(programName('dist/bin/warrenctl'), 'warrenctl');
  t.equal(programName(undefined), 'warrenctl');
  t.end();
});

test('names complete where names can stand', (t) => {
  for (const [words, wanted] of [
    [['network', 'inspect', ''], 'networks'],
    [['network', 'rm', 'a', 'b'], 'networks'],
    [['network', 'connect', ''], 'networks'],
    [['network', 'connect', 'blue', ''], undefined],
    [['network', 'ls', ''], undefined],
    [['pool', 'rm', ''], 'pools'],
    [['lab', 'rm', ''], undefined],
    [[], undefined],
  ] as const)
    t.equal(namesWanted(words), wanted, words.join(' '));
  for (const shell of ['bash', 'zsh', 'fish'] as const)
    t.match(completionScript(shell, 'warrenctl'), new RegExp(`SHELL=${shell} warrenctl --get-yargs-completions`));
  t.end();
});
