// Runs warrenctl as a person does, against a lab.
import { dirname, join } from 'node:path';
import { runCommand } from '../../lib/lab/command.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { findPrograms } from '../../lib/lab/programs.ts';

export const { warrenctl } = findPrograms();
export const plugin = join(dirname(warrenctl), 'kubectl-warren');

export interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export const environment = (lab: Lab, more: object = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  KUBECONFIG: lab.layout.kubeconfig('admin'),
  ...more,
});

/** Runs it and returns what it said, without the blanks at the ends. */
export async function say(lab: Lab, argv: readonly string[], more: object = {}, input = ''): Promise<Said> {
  const done = await runCommand(argv, { env: environment(lab, more), input });
  return { status: done.status, out: done.stdout.trim(), err: done.stderr.trim() };
}
export const ctl = (lab: Lab, ...words: readonly string[]): Promise<Said> => say(lab, [warrenctl, ...words]);
