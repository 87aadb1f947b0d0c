// Holds the source tree to the rules of test/architecture/rules.ts, and shows that each rule can fail.
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'tap';
import * as z from 'zod';
import { tiers } from '../.scripts/test-tiers.ts';
import * as rules from './architecture/rules.ts';
import * as violations from './architecture/violations.ts';

const root = resolve(import.meta.dirname, '..');

/** What git tracks or would track, so that a new file is held to the rules before it is committed. */
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  .toString()
  .split('\0')
  .filter((path) => path !== '' && existsSync(resolve(root, path)));

const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');

function readIfPresent(path: string): string | undefined {
  if (!existsSync(resolve(root, path))) return undefined;
  return statSync(resolve(root, path)).isDirectory() ? '' : read(path);
}

const dependenciesSchema = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});
const manifest = dependenciesSchema.parse(JSON.parse(read('package.json')));
const declared = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)];

interface RuleCase {
  readonly name: string;
  readonly rule: violations.Rule;
  /** Path and text that the rule must refuse, each on its own. */
  readonly bad: readonly (readonly [path: string, text: string])[];
  /** Path and text that look similar and are fine. */
  readonly good: readonly (readonly [path: string, text: string])[];
}

const cases: readonly RuleCase[] = [
  {
    name: 'rooms import only what the table allows',
    rule: violations.roomImports,
    bad: [
      ['lib/net/mac.ts', `import { x } from '../api/network.ts';`],
      ['lib/ipam/pool.ts', `import type { x } from '../overlay/plan.ts';`],
      ['lib/kernel/netlink/link.ts', `export { x } from '../../kube/client.ts';`],
      ['lib/controller/loop.ts', `const x = await import('../kernel/nft/driver.ts');`],
      ['lib/agent/server.ts', `let x: import('../cni/wire.ts').Answer;`],
      ['lib/agent/server.ts', `import { x } from '../../cmd/agent/main.ts';`],
      ['lib/api/network.ts', `import { x } from '../../test/fixtures/network.ts';`],
      ['lib/stranger/a.ts', ''],
      ['cmd/cni/main.ts', `import { x } from '../../lib/agent/server.ts';`],
      ['cmd/agent/main.ts', `import { x } from '../../lib/lab/node.ts';`],
      ['cmd/agent/main.ts', `import { x } from '../controller/main.ts';`],
    ],
    good: [
      ['lib/net/mac.ts', `import { x } from './result.ts';`],
      ['lib/kernel/netlink/link.ts', `import { x } from '../../net/mac.ts'; import { y } from '../nft/driver.ts';`],
      ['lib/lab/node.ts', `import { x } from '../agent/server.ts';`],
      ['cmd/ctl/main.ts', `import { x } from '../../lib/lab/node.ts';`],
      ['test/unit/net/mac.test.ts', `import { x } from '../../../lib/net/mac.ts';`],
    ],
  },
  {
    name: 'packages and modules stay in their rooms',
    rule: violations.moduleImports,
    bad: [
      ['lib/agent/attach.ts', `import koffi from 'koffi';`],
      ['lib/kube/log.ts', `import { pino } from 'pino';`],
      ['lib/agent/dns.ts', `import { spawn } from 'node:child_process';`],
      ['lib/lab/server.ts', `import { dlopen } from 'bun:ffi';`],
      ['lib/controller/loop.ts', `import { KubeConfig } from '@kubernetes/client-node';`],
    ],
    good: [
      ['lib/kernel/netlink/socket.ts', `import koffi from 'koffi';`],
      ['lib/cni/transport.ts', `import { dlopen } from 'bun:ffi';`],
      ['test/kernel/link.test.ts', `import { spawn } from 'node:child_process';`],
    ],
  },
  {
    name: 'pure rooms compute and nothing else',
    rule: violations.purity,
    bad: [
      ['lib/net/a.ts', `import { readFileSync } from 'node:fs';`],
      ['lib/ipam/a.ts', `import { connect } from 'node:net';`],
      ['lib/overlay/a.ts', `import { spawn } from 'node:child_process';`],
      ['lib/overlay/a.ts', `import { randomBytes } from 'node:crypto';`],
      ['lib/overlay/a.ts', `import { randomBytes as bytes } from 'node:crypto';`],
      ['lib/gateway/a.ts', `const now = Date.now();`],
      ['lib/gateway/a.ts', `const now = new Date();`],
      ['lib/dataplane/a.ts', `setTimeout(() => {}, 10);`],
      ['lib/dataplane/a.ts', `globalThis.setTimeout(() => {}, 10);`],
      ['lib/api/a.ts', `const home = process.env.HOME;`],
      ['lib/api/a.ts', `console.log('x');`],
      ['lib/ipam/a.ts', `const x = Math.random();`],
    ],
    good: [
      ['lib/net/a.ts', `import { createHash } from 'node:crypto'; createHash('sha256');`],
      ['lib/api/a.ts', `const then = new Date('2024-01-01');`],
      ['lib/agent/a.ts', `setTimeout(() => {}, Date.now());`],
      ['lib/reconcile/clock.ts', `setTimeout(() => {}, 1);`],
    ],
  },
  {
    name: 'no default exports',
    rule: violations.defaultExports,
    bad: [
      ['lib/net/a.ts', 'export default 1;'],
      ['lib/net/a.ts', 'export default function f() {}'],
      ['lib/net/a.ts', 'const a = 1; export { a as default };'],
    ],
    good: [['lib/net/a.ts', `import ts from 'typescript'; export const a = (x: 1) => { switch (x) { default: } };`]],
  },
  {
    name: 'files have at most 300 lines',
    rule: violations.fileLength,
    bad: [['lib/net/a.ts', 'const a = 1;\n'.repeat(301)]],
    good: [
      ['lib/net/a.ts', 'const a = 1;\n'.repeat(300)],
      ['docs/a.md', 'text\n'.repeat(301)],
    ],
  },
  {
    name: 'modules start with a line of purpose',
    rule: violations.purposeLine,
    bad: [['lib/net/a.ts', `import { x } from './b.ts';\n// late`]],
    good: [
      ['lib/net/a.ts', '// Parses addresses.\n'],
      ['lib/net/a.ts', '/** Parses addresses. */\n'],
      ['cmd/cni/main.ts', '#!/usr/bin/env node\n// The plugin.\n'],
      ['test/unit/net/mac.test.ts', `import { test } from 'tap';`],
    ],
  },
  {
    name: 'file names are kebab-case and say what is inside',
    rule: violations.fileNames,
    bad: [
      ['lib/net/utils.ts', ''],
      ['lib/net/macAddress.ts', ''],
      ['lib/net/index.ts', ''],
    ],
    good: [
      ['lib/net/mac-address.ts', ''],
      ['test/unit/net/mac.test.ts', ''],
      ['deploy/crds/warren.dev_networks.yaml', ''],
    ],
  },
  {
    name: 'the top level holds what the design names',
    rule: violations.topLevel,
    bad: [
      ['src/main.ts', ''],
      ['eslint.config.js', ''],
    ],
    good: [
      ['lib/net/mac.ts', ''],
      ['.scripts/build.ts', ''],
      ['Makefile', ''],
    ],
  },
  {
    name: 'no forbidden words',
    rule: violations.words,
    bad: [
      ['lib/net/a.ts', `// TODO: later`],
      ['docs/a.md', 'see FIXME'],
      ['deploy/agent.yaml', 'image: quay.io/warren/agent:1'],
      ['README.md', 'cd /work/main'],
      ['lib/a.ts', `const key = '/root/.ssh/key';`],
      ['lib/net/a.ts', '// @ts-ignore'],
    ],
    good: [
      ['deploy/agent.yaml', 'image: warren/agent:1'],
      ['README.md', 'the folder net/work/main'],
      ['lib/a.ts', `const path = join(dir, 'root/x');`],
    ],
  },
  {
    name: 'every imported package is declared',
    rule: violations.declaredPackages(declared),
    bad: [
      ['lib/net/a.ts', `import x from 'left-pad';`],
      ['lib/net/a.ts', `import x from '@scope/left-pad/sub';`],
    ],
    good: [['lib/net/a.ts', `import z from 'zod/v4'; import fs from 'node:fs'; import a from './a.ts';`]],
  },
  {
    name: 'links in Markdown lead somewhere',
    rule: violations.markdownLinks(readIfPresent),
    bad: [
      ['docs/a.md', 'see [there](nowhere.md)'],
      ['docs/a.md', '# Here\n\nsee [below](#not-here)'],
      ['docs/a.md', 'see [package](../package.json#no-heading)'],
    ],
    good: [
      [
        'docs/a.md',
        '# Over here: now\n\nsee [above](#over-here-now), [a](../package.json), [web](https://example.org/x)',
      ],
      ['docs/a.md', '```\n[not a link](nowhere.md)\n```\n'],
    ],
  },
];

for (const { name, rule, bad, good } of cases) {
  test(name, (t) => {
    for (const [path, text] of bad) t.not(rule(path, text).length, 0, `refuses ${path}: ${text.slice(0, 60)}`);
    for (const [path, text] of good) t.same(rule(path, text), [], `accepts ${path}: ${text.slice(0, 60)}`);
    t.same(
      files.flatMap((path) => rule(path, read(path))),
      [],
      'the tree keeps it',
    );
    t.end();
  });
}

test('every exception is still needed', (t) => {
  for (const [path, reason] of Object.entries(rules.longFiles)) {
    t.ok(files.includes(path) && read(path).split('\n').length > rules.maxLines, `${path} is long`);
    t.not(reason, '', `${path} has a reason`);
  }
  for (const { onlyIn } of rules.moduleRules)
    t.same(
      onlyIn.filter((room) => !(room in rules.rooms)),
      [],
    );
  t.end();
});

test('every test file belongs to a tier that runs it', (t) => {
  const run = new Set(Object.values(tiers).flatMap((tier) => globSync(tier.globs, { cwd: root })));
  t.same(
    files.filter((path) => path.startsWith('test/') && path.endsWith('.test.ts') && !run.has(path)),
    [],
  );
  t.end();
});

test('docs/dependencies.md names every package, and no other', (t) => {
  const listed = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1]);
  t.same(listed.toSorted(), declared.toSorted());
  t.end();
});
