// The guide keeps its word: every console block of docs/guide is run, page by page, each page in a lab of its own, and what comes
// out is compared with what the page shows. WARREN_GOLDEN=write brings the pages up to date.
import { globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { test } from 'tap';
import { runCommand } from '../../lib/lab/command.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { findPrograms } from '../../lib/lab/programs.ts';
import { settles, withLab } from './lab-harness.ts';

const root = resolve(import.meta.dirname, '../..');
const bin = dirname(findPrograms().warrenctl);
const BLOCK = /^```console\n([^]*?)^```$/gm;

interface Step {
  readonly command: string;
  readonly shown: string;
}

/** `$ COMMAND`, and below it what it says. */
const stepsOf = (block: string): readonly Step[] =>
  block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [command = '', ...lines] = text.split('\n');
      return { command, shown: lines.join('\n').trimEnd() };
    });

/** `kubectl warren X` is what kubectl makes of it: it runs `kubectl-warren X`. So the guide needs no kubectl. */
async function perform(lab: Lab, { command }: Step): Promise<string> {
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    KUBECONFIG: lab.layout.kubeconfig('admin'),
    WARREN_LAB_DIR: lab.layout.dir,
    NO_COLOR: '1',
  };
  const line = command.replaceAll('kubectl warren ', 'kubectl-warren ');
  const done = await runCommand(['bash', '-c', `exec 2>&1; ${line}`], { env });
  return done.stdout.trimEnd();
}

/** What may be asked again until the cluster has caught up with the commands before it. */
const READS = / (ls|topology|doctor|inspect)\b/;
const settled = (lab: Lab, step: Step): Promise<string> => {
  let last = '';
  const look = async (): Promise<string> => normalised((last = await perform(lab, step)));
  const patience = process.env['WARREN_GOLDEN'] === 'write' ? 0 : 10_000;
  return settles(look, normalised(step.shown), patience).then(() => last);
};

/** What differs from run to run: times, ids, versions, and the width of columns with them. */
function normalised(text: string): string {
  return (
    text
      .replaceAll(/\b[0-9a-f]{64}\b/g, 'CONTAINER')
      .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UID')
      .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{3}\b/g, 'ID')
      .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
      .replaceAll(/ (\d+[smhd]\d*[smhd]?)$/gm, ' AGE')
      .replaceAll(/Linux \S+/g, 'Linux VERSION')
      .replaceAll(/Kubernetes v\S+/g, 'Kubernetes VERSION')
      .replaceAll(/✓ controller .* leads/g, '✓ controller CONTROLLER leads')
      .replaceAll(/all \d+ objects/g, 'all N objects')
      // Which node gets which gateway subnet is decided by which of them was first.
      .replaceAll(/\b172\.20\.\d+\./g, '172.20.N.')
      .replaceAll(/time=\S+ ms/g, 'time=T ms')
      .replaceAll(/rtt .*/g, 'rtt')
      .replaceAll(/, time \d+ms/g, '')
      .replaceAll(/^(examining|waiting for) .* …\n/gm, '')
      .replaceAll(/[ ]+/g, ' ')
      .trimEnd()
  );
}

for (const file of globSync(resolve(root, 'docs/guide/*.md')).toSorted())
  test(`what docs/guide/${basename(file)} shows is what happens`, async (t) => {
    const text = await readFile(file, 'utf8');
    const blocks = [...text.matchAll(BLOCK)].map(([whole, block = '']) => ({ whole, steps: stepsOf(block) }));
    t.not(blocks.length, 0, 'it has console blocks');
    const lab = await withLab(t, { nodes: 3 });
    let renewed = text;
    for (const { whole, steps } of blocks) {
      const said: string[] = [];
      for (const step of steps) {
        const out = READS.test(step.command) ? await settled(lab, step) : await perform(lab, step);
        const isSame = normalised(out) === normalised(step.shown);
        if (process.env['WARREN_GOLDEN'] !== 'write') t.equal(normalised(out), normalised(step.shown), step.command);
        // What differs in nothing that matters stays as it is: a page does not change with every run.
        said.push(`$ ${step.command}\n${isSame ? step.shown : out}`.trimEnd());
      }
      renewed = renewed.replace(whole, () => `\`\`\`console\n${said.join('\n')}\n\`\`\``);
    }
    if (process.env['WARREN_GOLDEN'] === 'write') await writeFile(file, renewed);
  });
