/** `warren`: the CNI plugin's executable. */
import { connectUnix } from '../../lib/cni/bun-socket.ts';
import { run } from '../../lib/cni/run.ts';
import { readAll, writeAll } from '../../lib/cni/stdio.ts';

const outcome = run(process.env, () => readAll(0), connectUnix);
writeAll(2, new TextEncoder().encode(outcome.stderr));
writeAll(1, outcome.stdout);
process.exitCode = outcome.exitCode;
