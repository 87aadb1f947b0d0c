/** `warrenctl lab run|exec|rm`: containers. */
import { checkContainer, createContainer, removeContainer } from '../../lib/lab/container.ts';
import { inContainer, startInContainer } from '../../lib/lab/container-netns.ts';
import { findContainer } from '../../lib/lab/container-record.ts';
import { networksAnnotation, type RunFlags, type RunRequest } from '../../lib/lab/container-request.ts';
import { containerText } from '../../lib/lab/life-text.ts';
import { openLab } from '../../lib/lab/lab.ts';
import { LabError } from '../../lib/lab/lab-error.ts';
import { runAttached } from '../../lib/lab/terminal.ts';
import { commandAfterDashes, labCommandOf, labDir, print, progress } from './command.ts';

/** Status 125 for what is not the status of the container's own program. */
async function with125<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LabError) throw new LabError(error.message, error.next, 125);
    throw error;
  }
}

const run = labCommandOf({
  command: 'run <name>',
  describe: 'Run a container: warrenctl lab run NAME --node n1 [--network blue]... [-d] [-- CMD...]',
  builder: (argv) =>
    argv
      .positional('name', { type: 'string', demandOption: true, describe: 'Also the name of its Pod' })
      .option('node', { type: 'string', demandOption: true, requiresArg: true, describe: 'The node it runs on' })
      .option('network', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [],
        describe: 'NETWORK or NETWORK@INTERFACE',
      })
      .option('ip', { type: 'string', array: true, nargs: 1, default: [], describe: 'A fixed address on the network' })
      .option('mac', { type: 'string', requiresArg: true, describe: 'A fixed MAC address on the network' })
      .option('alias', { type: 'string', array: true, nargs: 1, default: [], describe: 'One more name on the network' })
      .option('annotation', {
        type: 'string',
        requiresArg: true,
        conflicts: 'network',
        describe: 'warren.dev/networks as it stands',
      })
      .option('namespace', { type: 'string', default: 'default', requiresArg: true, describe: "The Pod's namespace" })
      .option('keep', { type: 'boolean', default: false, describe: 'Leave Pod and namespace when attaching fails' })
      .option('detach', {
        alias: 'd',
        type: 'boolean',
        default: false,
        describe: 'Keep it; CMD runs in the background',
      })
      .epilogue(
        'With a CMD and without -d the container is removed when CMD ends, and the exit status is that of CMD.',
      ),
  handler: async (args) => {
    const lab = await with125(() => openLab(labDir(args)));
    const container = await with125(async () => createContainer(lab, requestOf(args)));
    const command = commandAfterDashes(args);
    if (command.length === 0 || args.detach) {
      if (command.length > 0) await startInContainer(lab, container.record, command);
      print(containerText(container));
      return;
    }
    progress(containerText(container));
    process.exitCode = await runAttached(inContainer(lab, container.record, command), lab.env);
    await removeContainer(lab, args.name);
  },
});

interface RunArguments extends RunFlags {
  readonly name: string;
  readonly node: string;
  readonly namespace: string;
  readonly keep: boolean;
  readonly annotation?: string | undefined;
}

function requestOf(args: RunArguments): RunRequest {
  const flags = networksAnnotation(args);
  if (!flags.ok) throw new LabError(flags.error, 'see: warrenctl lab run --help');
  const networks = args.annotation ?? flags.value;
  const { name, node, namespace, keep: keepOnFailure } = args;
  return { name, node, namespace, keepOnFailure, ...(networks === undefined ? {} : { networks }) };
}

const exec = labCommandOf({
  command: 'exec <name>',
  describe: 'Run a command in a container: warrenctl lab exec NAME -- CMD...',
  builder: (argv) => argv.positional('name', { type: 'string', demandOption: true }),
  handler: async (args) => {
    const lab = await with125(() => openLab(labDir(args)));
    const command = commandAfterDashes(args);
    const argv = await with125(async () => {
      if (command.length === 0)
        throw new LabError('exec needs a command', `write: warrenctl lab exec ${args.name} -- CMD...`);
      return inContainer(lab, await findContainer(lab.layout, args.name), command);
    });
    process.exitCode = await runAttached(argv, lab.env);
  },
});

const rm = labCommandOf({
  command: 'rm <names..>',
  describe: 'Remove containers: DEL, network namespace, Pod',
  builder: (argv) => argv.positional('names', { type: 'string', array: true, demandOption: true }),
  handler: async (args) => {
    const lab = await openLab(labDir(args));
    for (const name of args.names) {
      await removeContainer(lab, name);
      print(name);
    }
  },
});

const check = labCommandOf({
  command: 'check <name>',
  describe: 'Ask the plugin whether all of a container is still in place (CNI CHECK)',
  builder: (argv) => argv.positional('name', { type: 'string', demandOption: true }),
  handler: async (args) => {
    const lab = await openLab(labDir(args));
    await checkContainer(lab, args.name);
    print(`${args.name} is as it was made`);
  },
});

export const containerCommands = [run, exec, rm, check];
