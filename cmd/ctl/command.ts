/** How the commands of the lab are defined. */
import { DEFAULT_DIR } from '../../lib/lab/lab.ts';
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';

export interface LabFlags {
  readonly dir?: string | undefined;
}
// Commands of different flags in one list: what each takes is known to itself alone.
export type LabCommand = (argv: Argv<LabFlags>) => Argv<LabFlags>;

/** Infers the flags of the handler from those that the builder adds. */
export const labCommandOf =
  <T>(module: {
    readonly command: string;
    readonly describe: string | false;
    readonly builder: (argv: Argv<LabFlags>) => Argv<T>;
    readonly handler: (args: ArgumentsCamelCase<T>) => Promise<void>;
  }): LabCommand =>
  (argv) =>
    argv.command(module as CommandModule<LabFlags, T>);

/** The lab that the flags mean. */
export const labDir = (flags: LabFlags): string => flags.dir ?? process.env['WARREN_LAB_DIR'] ?? DEFAULT_DIR;

/** What stands behind `--`. */
export function commandAfterDashes(args: Readonly<Record<string, unknown>>): readonly string[] {
  const rest = args['--'];
  return Array.isArray(rest) ? rest.map(String) : [];
}

export const print = (text: string): void => void process.stdout.write(`${text}\n`);
export const progress = (text: string): void => void process.stderr.write(`${text}\n`);
