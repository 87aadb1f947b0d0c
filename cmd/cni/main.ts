/** `warren`: the CNI plugin's executable. */
import { bunCalls } from '../../lib/cni/bun-calls.ts';
import { run } from '../../lib/cni/run.ts';
import { readAll, writeAll } from '../../lib/cni/stdio.ts';

const outcome = run(process.env, () => readAll(bunCalls, 0), bunCalls);
writeAll(bunCalls, 2, new TextEncoder().encode(outcome.stderr));
writeAll(bunCalls, 1, outcome.stdout);
process.exitCode = outcome.exitCode;
