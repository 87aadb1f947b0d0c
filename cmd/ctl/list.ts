/** `ls` of any kind: once, or with `--watch` again at each change. */
import type { Argv } from 'yargs';
import { createInformer } from '../../lib/kube/informer.ts';
import type { KubeClient, Selectors } from '../../lib/kube/client.ts';
import type { Cluster } from './cluster.ts';
import { listSeen, readWhole, type Seen, wholeOf } from './objects.ts';
import { growingTable, type ListView, type Output, outputFlag, printList, printOne } from './output.ts';

export const listFlags = <T>(argv: Argv<T>) =>
  outputFlag(argv)
    .option('selector', {
      alias: 'l',
      type: 'string',
      requiresArg: true,
      describe: 'Labels, such as team=a,tier!=test',
    })
    .option('watch', { alias: 'w', type: 'boolean', describe: 'Go on and print each change' });

export interface ListRequest<T> extends Selectors {
  readonly output: Output | undefined;
  readonly watch: boolean | undefined;
  readonly keep?: (object: T) => boolean;
}

export async function runList<T>({ client }: Cluster, view: ListView<T>, request: ListRequest<T>): Promise<void> {
  const { output, labelSelector, fieldSelector, keep = () => true } = request;
  const selectors = { labelSelector, fieldSelector };
  // Also before a watch: what the server refuses, such as a wrong selector, is said at once.
  const first = (await listSeen(client, view.resource, selectors)).filter((one) => keep(one.object));
  if (request.watch !== true) {
    printList(view, first, output);
    return;
  }
  await printChanges(client, view, request, first);
}

/** What is there, then each change, until the process is interrupted. A deleted object is printed as it was last. */
function printChanges<T>(
  client: KubeClient,
  view: ListView<T>,
  { output, keep = () => true, labelSelector, fieldSelector }: ListRequest<T>,
  first: readonly Seen<T>[],
): Promise<never> {
  const table = growingTable(view.columns, output === 'wide' ? output : undefined);
  if (output === undefined || output === 'wide') table.rows(first.map((one) => one.object));
  else for (const one of first) printOne(view, one, output, table);
  const shown = new Map(first.map(({ whole: { metadata } }) => [metadata.name, metadata.resourceVersion]));
  createInformer(client, wholeOf(view.resource), {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    onChange: ({ object, type }) => {
      const { name, resourceVersion } = object.metadata;
      const isNews = type === 'deleted' || shown.get(name) !== resourceVersion;
      shown.set(name, resourceVersion);
      const seen = isNews ? readWhole(view.resource, object) : undefined;
      if (seen !== undefined && keep(seen.object)) printOne(view, seen, output, table);
    },
  });
  return new Promise<never>(() => undefined);
}
