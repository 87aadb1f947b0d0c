/** `warrenctl lab apply|get|delete|fault`: the API server, for people without kubectl. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { deleteObject, getText } from '../../lib/lab/get.ts';
import { openLab } from '../../lib/lab/lab.ts';
import { LabError } from '../../lib/lab/lab-error.ts';
import { applyManifests } from '../../lib/lab/manifest.ts';
import { labCommandOf, labDir, print } from './command.ts';

const apply = labCommandOf({
  command: 'apply',
  describe: 'Create or change the objects of a manifest',
  builder: (argv) =>
    argv.option('filename', {
      alias: 'f',
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'YAML, several documents if need be; - for standard input',
    }),
  handler: async (args) => {
    const { filename } = args;
    const lab = await openLab(labDir(args));
    const manifests = filename === '-' ? await text(process.stdin) : await readManifest(filename);
    for (const applied of await applyManifests(lab.api, manifests, filename)) print(`${applied} applied`);
  },
});

const readManifest = (filename: string): Promise<string> =>
  readFile(filename, 'utf8').catch((error: unknown) => {
    throw new LabError(`cannot read ${filename}: ${error instanceof Error ? error.message : String(error)}`, '');
  });

const get = labCommandOf({
  command: 'get <kind> [name]',
  describe: 'Show objects in their own columns: warrenctl lab get wnet',
  builder: (argv) =>
    argv
      .positional('kind', { type: 'string', demandOption: true })
      .positional('name', { type: 'string' })
      .option('namespace', { alias: 'n', type: 'string', default: 'default', requiresArg: true }),
  handler: async (args) =>
    print(await getText((await openLab(labDir(args))).api, args.kind, args.name, args.namespace)),
});

const remove = labCommandOf({
  command: 'delete <kind> <name>',
  describe: 'Delete an object',
  builder: (argv) =>
    argv
      .positional('kind', { type: 'string', demandOption: true })
      .positional('name', { type: 'string', demandOption: true })
      .option('namespace', { alias: 'n', type: 'string', default: 'default', requiresArg: true }),
  handler: async (args) => {
    const { kind, name, namespace } = args;
    await deleteObject((await openLab(labDir(args))).api, kind, name, namespace);
    print(`${kind}/${name} deleted`);
  },
});

export const objectCommands = [apply, get, remove];
