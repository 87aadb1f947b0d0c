// What the tiers say about test files is true of files that are there.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'tap';
import { tiers } from '../../../.scripts/test-tiers.ts';

const root = resolve(import.meta.dirname, '../../..');

test('a file that a tier leaves out exists, and another tier runs it', (t) => {
  const leftOut = Object.values(tiers).flatMap((tier) => Object.keys(tier.leftOut ?? {}));
  t.ok(leftOut.length > 0);
  t.same(
    leftOut.filter((file) => !existsSync(resolve(root, file))),
    [],
  );
  t.end();
});
