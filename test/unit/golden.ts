// Golden files: what a decision comes to, as text that a person can read and a reviewer can compare. `npm run golden` writes them anew.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';

const DIR = join(import.meta.dirname, '../golden');

/** Compares with `test/golden/NAME.txt`. */
export function matchesGolden(t: Test, name: string, text: string): void {
  const file = join(DIR, `${name}.txt`);
  if (process.env['WARREN_GOLDEN'] === 'write') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  t.equal(text, readFileSync(file, 'utf8'), `as in test/golden/${name}.txt`);
}
