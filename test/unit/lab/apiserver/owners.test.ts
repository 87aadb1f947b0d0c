// Garbage collection by owner references, and namespaces that take their content with them, on the embedded server.
import t from 'tap';
import { ownerCases } from './owner-cases.ts';
import { start } from './start.ts';
import { talkTo } from './talk.ts';

for (const { name, run } of ownerCases) t.test(name, async (t) => run(t, talkTo((await start(t)).url)));
