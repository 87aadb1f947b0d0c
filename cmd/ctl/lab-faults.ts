/** `warrenctl lab fault`: what a network and a loaded API server do to its clients, on demand. */
import type { Argv } from 'yargs';
import { addFault, clearFaults, faultsText, listFaults } from '../../lib/lab/faults.ts';
import { nodeUser } from '../../lib/lab/access.ts';
import { findNode, openLab } from '../../lib/lab/lab.ts';
import { type LabCommand, labCommandOf, labDir, type LabFlags, print } from './command.ts';

const KINDS = ['refuse', 'delay', 'error', 'stall', 'drop', 'expire', 'clear', 'list'] as const;

const flags = (argv: Argv<LabFlags>) =>
  argv
    .positional('kind', { choices: KINDS, demandOption: true })
    .option('node', { type: 'string', requiresArg: true, describe: "Only this node's agent" })
    .option('resource', { type: 'string', requiresArg: true, describe: 'Only this kind, by its plural' })
    .option('seconds', { type: 'number', requiresArg: true, describe: 'Ends by itself; default: until clear' })
    .option('milliseconds', { type: 'number', default: 1000, describe: 'delay: how much later answers begin' })
    .option('code', {
      type: 'number',
      choices: [429, 500, 503] as const,
      default: 500 as const,
      describe: 'error: which',
    })
    .option('rate', { type: 'number', default: 1, describe: 'error: share of the requests, 0 to 1' })
    .epilogue(
      [
        'refuse   connections are reset     delay  answers come late      error   answers are errors',
        'stall    watches fall silent       drop   open watches break     expire  old versions are gone (410)',
        'clear    end all faults            list   show those that last',
      ].join('\n'),
    );

const fault = labCommandOf({
  command: 'fault <kind>',
  describe: 'Make the API server refuse, delay, fail, stall, drop or expire',
  builder: flags,
  handler: async (args) => {
    const lab = await openLab(labDir(args));
    const { kind, node, resource, seconds } = args;
    const scope = {
      ...(node === undefined ? {} : { user: nodeUser(findNode(lab, node).name) }),
      ...(resource === undefined ? {} : { resource }),
      ...(seconds === undefined ? {} : { durationSeconds: seconds }),
    };
    if (kind === 'clear') await clearFaults(lab);
    else if (kind === 'delay') await addFault(lab, { kind, milliseconds: args.milliseconds, ...scope });
    else if (kind === 'error') await addFault(lab, { kind, code: args.code, rate: args.rate, ...scope });
    else if (kind === 'expire') await addFault(lab, { kind, watches: true, ...scope });
    else if (kind !== 'list') await addFault(lab, { kind, ...scope });
    print(faultsText(await listFaults(lab)));
  },
});

export const faultCommands: readonly LabCommand[] = [fault];
