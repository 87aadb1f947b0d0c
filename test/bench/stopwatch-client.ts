// Starts a stopwatch process inside given namespaces and has it time programs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { lapSchema, type Order } from './stopwatch-protocol.ts';

export interface Stopwatch extends AsyncDisposable {
  /** Milliseconds from exec to exit. Throws with what the program wrote when it fails. */
  time(order: Order): Promise<number>;
}

/** `inside` turns an argument list into the one that runs it in the wanted namespaces. */
export function startStopwatch(inside: (argv: readonly string[]) => readonly string[]): Stopwatch {
  const [command = '', ...args] = inside([process.execPath, join(import.meta.dirname, 'stopwatch.ts')]);
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async time(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      const answer = await answers.next();
      if (answer.done === true) throw new Error('the stopwatch process ended');
      const { microseconds, status, output } = lapSchema.parse(JSON.parse(answer.value));
      if (status !== 0) throw new Error(`${describe(order)} failed (${status}): ${output}`);
      return microseconds / 1_000;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

function describe(order: Order): string {
  return `${order.env['CNI_COMMAND'] ?? ''} ${order.path}`;
}
