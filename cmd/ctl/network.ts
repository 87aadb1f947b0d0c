/** `warrenctl network`: docker's verbs on the cluster's Networks. */
import { clusterGroup } from './command.ts';
import { connectCommands } from './network-connect.ts';
import { createCommand } from './network-create.ts';
import { inspectCommand } from './network-inspect.ts';
import { lsCommand } from './network-ls.ts';
import { pruneCommand } from './network-prune.ts';
import { rmCommand } from './network-rm.ts';

export const networkCommand = clusterGroup(
  'network',
  "Networks, with docker's verbs and flags: create, ls, inspect, rm, connect, disconnect, prune",
  [createCommand, lsCommand, inspectCommand, rmCommand, ...connectCommands, pruneCommand],
);
