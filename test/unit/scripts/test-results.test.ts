// What the test runner counts and refuses, on literal TAP.
import { test } from 'tap';
import { collectResults } from '../../../.scripts/test-results.ts';
import { isAllowedSkip, parseAllowedSkips } from '../../../.scripts/test-skips.ts';

const cases = [
  {
    name: 'counts leaves, not the subtests around them',
    tap: '# Subtest: a\n    ok 1 - x\n    ok 2 - y\n    1..2\nok 1 - a\n1..1\n',
    passed: 2,
    failures: [],
    skips: [],
  },
  {
    name: 'a subtest that asserts by throwing counts once',
    tap: '# Subtest: a\n    1..0\nok 1 - a\n1..1\n',
    passed: 1,
    failures: [],
    skips: [],
  },
  {
    name: 'a failure is reported once, with its path',
    tap: '# Subtest: a\n    not ok 1 - x\n    1..1\nnot ok 1 - a\n1..1\n',
    passed: 0,
    failures: ['a > x'],
    skips: [],
  },
  {
    name: 'a skipped subtest keeps its reason',
    tap: '# Subtest: a\n    1..0 # no netem\nok 1 - a # SKIP no netem\n1..1\n',
    passed: 0,
    failures: [],
    skips: ['a: no netem'],
  },
  {
    name: 'todo is a skip, also when it fails',
    tap: 'not ok 1 - later # todo\n1..1\n',
    passed: 0,
    failures: [],
    skips: ['later: no reason given'],
  },
  { name: 'a missing plan fails', tap: 'ok 1 - x\n', passed: 1, failures: [''], skips: [] },
  { name: 'a plan that is not met fails', tap: 'ok 1 - x\n1..2\n', passed: 1, failures: [''], skips: [] },
  { name: 'a bail-out fails', tap: 'ok 1 - x\nBail out! no root\n', passed: 1, failures: [''], skips: [] },
];

for (const { name, tap, passed, failures, skips } of cases) {
  test(name, (t) => {
    const { parser, results } = collectResults();
    parser.end(`TAP version 14\n${tap}`);
    t.equal(results.passed, passed);
    t.same(
      results.failures.map((failure) => failure.name),
      failures,
    );
    t.same(
      results.skips.map((skip) => `${skip.name}: ${skip.reason}`),
      skips,
    );
    t.end();
  });
}

test('allowed skips match by pattern and need a reason', (t) => {
  const allowed = parseAllowedSkips('# a comment\n\ntest/kernel/* > esp * -- this kernel has no ESP\n');
  t.ok(isAllowedSkip('test/kernel/xfrm.test.ts > esp drops (no ESP)', allowed));
  t.notOk(isAllowedSkip('test/unit/xfrm.test.ts > esp drops (no ESP)', allowed));
  t.notOk(isAllowedSkip('test/kernel/xfrm.test.ts > others', allowed));
  t.throws(() => parseAllowedSkips('test/kernel/*\n'), /line 1: write PATTERN -- REASON/);
  t.end();
});
