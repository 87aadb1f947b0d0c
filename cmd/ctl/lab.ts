/** `warrenctl lab`: its commands and flags. What they do is in lib/lab. */
import type { Argv, CommandModule } from 'yargs';
import { DEFAULT_DIR } from '../../lib/lab/lab.ts';
import type { LabFlags } from './command.ts';
import { containerCommands } from './lab-containers.ts';
import { faultCommands } from './lab-faults.ts';
import { lifeCommands } from './lab-life.ts';
import { objectCommands } from './lab-objects.ts';

export const labCommand: CommandModule = {
  command: 'lab',
  describe: 'A cluster of nodes as namespaces on this machine (root)',
  builder: (argv: Argv) => {
    const withDir = argv.option('dir', {
      type: 'string',
      describe: `The lab's folder; another folder is another lab (default $WARREN_LAB_DIR or ${DEFAULT_DIR})`,
      requiresArg: true,
    });
    const commands = [...lifeCommands, ...containerCommands, ...objectCommands, ...faultCommands];
    return commands
      .reduce<Argv<LabFlags>>((all, add) => add(all), withDir)
      .demandCommand(1, 'name a command of the lab');
  },
  handler: () => undefined,
};
