/** warrenctl: Warren at the command line; named `kubectl-warren` it is the plugin `kubectl warren`. */
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { CtlError } from '../../lib/ctl/ctl-error.ts';
import { TemplateError } from '../../lib/ctl/template-parse.ts';
import { LabError } from '../../lib/lab/lab-error.ts';
import { completingNames, completionCommand, NO_FILES, wordsToParse } from './completion.ts';
import { refuseRepeated } from './command.ts';
import { labCommand } from './lab.ts';
import { doctorCommand } from './doctor.ts';
import { endpointCommand } from './endpoint.ts';
import { networkCommand } from './network.ts';
import { nodeCommand } from './node.ts';
import { poolCommand } from './pool.ts';
import { COMPLETER_FILE, INVOKED_FILE, PROGRAM } from './program.ts';
import { topologyCommand } from './topology.ts';

/** One clear error, and what to do about it. */
function fail(message: string, next: string, status: number): never {
  process.stderr.write(`${PROGRAM}: ${message}\n${next === '' ? '' : `  ${next}\n`}`);
  process.exit(status);
}

function failWith(error: unknown): never {
  if (error instanceof LabError || error instanceof CtlError) fail(error.message, error.next, error.status);
  if (error instanceof TemplateError) fail(`--format: ${error.message}`, '', 2);
  fail(error instanceof Error ? error.message : String(error), '', 1);
}

// Whoever reads our output may stop reading: `warrenctl network ls | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const words = wordsToParse(hideBin(process.argv), INVOKED_FILE);
if (INVOKED_FILE === COMPLETER_FILE) process.on('exit', () => process.stdout.write(`${NO_FILES}\n`));
const parser = yargs([...words])
  .scriptName(PROGRAM)
  .usage('$0 COMMAND: overlay networks for Kubernetes at the command line')
  .parserConfiguration({ 'populate--': true, 'duplicate-arguments-array': true, 'boolean-negation': false })
  .command(networkCommand)
  .command(poolCommand)
  .command(endpointCommand)
  .command(nodeCommand)
  .command(topologyCommand)
  .command(doctorCommand)
  .command(labCommand)
  .command(completionCommand)
  .check(refuseRepeated)
  .demandCommand(1, 'name a command')
  .strict()
  .recommendCommands()
  .version(false)
  .help()
  .alias('h', 'help')
  .wrap(100)
  .fail((message, error) => {
    if ((error as Error | undefined) !== undefined) failWith(error);
    const typed = words.filter((word) => /^[a-z]+$/.test(word));
    const unknown = /^Unknown arguments?: (.*)$/.exec(message)?.[1]?.split(', ') ?? [];
    const isKnown =
      !/^(Did you mean|Unknown command|name a command$)/.test(message) && !unknown.includes(typed[1] ?? '');
    const path = typed.slice(0, isKnown ? 2 : 1);
    fail(message, `see: ${[PROGRAM, ...path].join(' ')} --help`, 2);
  });

const names = await completingNames(words);
if (names === undefined) await parser.parseAsync();
else for (const name of names) process.stdout.write(`${name}\n`);
