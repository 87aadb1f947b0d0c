/** warrenctl: Warren at the command line. */
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { LabError } from '../../lib/lab/lab-error.ts';
import { labCommand } from './lab.ts';

/** One clear error, and what to do about it. */
function fail(message: string, next: string, status: number): never {
  process.stderr.write(`warrenctl: ${message}\n${next === '' ? '' : `  ${next}\n`}`);
  process.exit(status);
}

const words = hideBin(process.argv);
const parser = yargs(words)
  .scriptName('warrenctl')
  .usage('$0 COMMAND: overlay networks for Kubernetes at the command line')
  .parserConfiguration({ 'populate--': true, 'duplicate-arguments-array': true, 'boolean-negation': false })
  .command(labCommand)
  .demandCommand(1, 'name a command')
  .strict()
  .recommendCommands()
  .version(false)
  .help()
  .alias('h', 'help')
  .wrap(100)
  .fail((message, error) => {
    if (error instanceof LabError) fail(error.message, error.next, error.status);
    if ((error as Error | undefined) !== undefined) fail(error.message, '', 1);
    const isKnown = !/^(Did you mean|Unknown command|name a command$)/.test(message);
    const path = words.filter((word) => /^[a-z]+$/.test(word)).slice(0, isKnown ? 2 : 1);
    fail(message, `see: ${['warrenctl', ...path].join(' ')} --help`, 2);
  });

await parser.parseAsync();
