/** `warrenctl completion`, and the words that complete a command line. */
import type { Argv } from 'yargs';
import { addressPools } from '../../lib/api/address-pool.ts';
import { networks } from '../../lib/api/network.ts';
import { COMPLETION_FLAG, completionScript, namesWanted, SHELLS } from '../../lib/ctl/completion-script.ts';
import { type ClusterFlags, withCluster } from './cluster.ts';
import { commandOf, print } from './command.ts';
import { COMPLETER_FILE } from './program.ts';

/** The plugin has no completion script of its own: kubectl asks `kubectl_complete-warren`. */
export const completionCommand = commandOf({
  command: 'completion <shell>',
  describe: 'Print a script that completes commands, flags and names: source <(warrenctl completion bash)',
  builder: (argv: Argv) => argv.positional('shell', { choices: SHELLS, demandOption: true }),
  handler: (args) => {
    print(completionScript(args.shell, 'warrenctl'));
    return Promise.resolve();
  },
});

/** A person waits at the prompt. */
const PATIENCE_MS = 1500;

/**
 * Names of the cluster's objects where they complete the command line; undefined where commands and flags do, which yargs
 * knows. Without a cluster that answers there are none.
 */
export async function completingNames([flag, , ...line]: readonly string[]): Promise<readonly string[] | undefined> {
  const isFlag = line.at(-1)?.startsWith('-') === true;
  const wanted = flag === COMPLETION_FLAG && !isFlag ? namesWanted(line) : undefined;
  return wanted === undefined ? undefined : namesOf({}, wanted).catch(() => []);
}

const namesOf = (flags: ClusterFlags, wanted: 'networks' | 'pools'): Promise<string[]> =>
  withCluster(flags, async ({ client }) => {
    const resource = wanted === 'networks' ? networks : addressPools;
    const { items } = await client.list<{ metadata: { name: string } }>(resource, { timeoutMs: PATIENCE_MS });
    return items.map(({ metadata }) => metadata.name);
  });

/** The command line to parse: kubectl calls its plugin's completer with the words after `kubectl warren`. */
export const wordsToParse = (words: readonly string[], file: string): readonly string[] =>
  file === COMPLETER_FILE ? [COMPLETION_FLAG, 'warrenctl', ...words] : words;

/** What kubectl reads after the words: a sum of cobra's ShellCompDirectives, here "offer no files". */
export const NO_FILES = ':4';
