/** How commands are defined, and where their words go. */
import { DEFAULT_DIR } from '../../lib/lab/lab.ts';
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { clusterFlags, type ClusterFlags } from './cluster.ts';

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

// As above, for the commands that talk to a cluster.
export type ClusterCommand = (argv: Argv<ClusterFlags>) => Argv<ClusterFlags>;

/** Infers the flags of the handler from those that the builder adds. */
export const clusterCommandOf =
  <T>(module: {
    readonly command: string | readonly string[];
    readonly describe: string;
    readonly builder: (argv: Argv<ClusterFlags>) => Argv<T>;
    readonly handler: (args: ArgumentsCamelCase<T>) => Promise<void>;
  }): ClusterCommand =>
  (argv) =>
    argv.command(module as CommandModule<ClusterFlags, T>);

/** A command that stands alone: `warrenctl doctor`. */
export const commandOf = <T>(module: {
  readonly command: string;
  readonly describe: string;
  readonly builder: (argv: Argv) => Argv<T>;
  readonly handler: (args: ArgumentsCamelCase<T>) => Promise<void>;
}): CommandModule<object, T> => module;

/** `warrenctl NAME …` */
export const clusterGroup = (name: string, describe: string, commands: readonly ClusterCommand[]): CommandModule => ({
  command: name,
  describe,
  builder: (argv: Argv) =>
    commands
      .reduce<Argv<ClusterFlags>>((all, add) => add(all), clusterFlags(argv))
      .demandCommand(1, `name a command of ${name}`),
  handler: () => undefined,
});

/** The lab that the flags mean. */
export const labDir = (flags: LabFlags): string => flags.dir ?? process.env['WARREN_LAB_DIR'] ?? DEFAULT_DIR;

/** What stands behind `--`. */
export function commandAfterDashes(args: Readonly<Record<string, unknown>>): readonly string[] {
  const rest = args['--'];
  return Array.isArray(rest) ? rest.map(String) : [];
}

export const print = (text: string): void => void process.stdout.write(`${text}\n`);
export const progress = (text: string): void => void process.stderr.write(`${text}\n`);

/** Flags that may be given several times, under both of the names that yargs gives them. */
const REPEATABLE: ReadonlySet<string> = new Set([
  ...[
    '_',
    '--',
    'names',
    'networks',
    'pools',
    'network',
    'ip',
    'ip6',
    'alias',
    'subnet',
    'gateway',
    'ip-range',
    'ipRange',
  ],
  ...['aux-address', 'auxAddress', 'opt', 'o', 'label', 'filter', 'f'],
]);

/** yargs makes a list of a flag that is there twice, whatever its type says. */
export function refuseRepeated(args: Readonly<Record<string, unknown>>): true {
  const twice = Object.keys(args).find((key) => !REPEATABLE.has(key) && Array.isArray(args[key]));
  if (twice === undefined) return true;
  throw new Error(`--${twice} is there more than once: leave one out`);
}
