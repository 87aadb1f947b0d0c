// A ping that goes on while something happens, and which of its requests were not answered.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Lab } from '../../lib/lab/lab.ts';
import { eventually } from '../../lib/lab/wait.ts';
import { containerPlace } from './traffic.ts';

export interface Pinging {
  /** Resolves with an answer to a request beyond the first `count`. */
  beyond(count: number): Promise<void>;
  /**
   * Waits for answers to what is sent from now on, and ends it. What was on its way in the last moment is not judged. Throws when no
   * answer comes any more.
   */
  stop(): Promise<{ readonly answered: number; readonly lost: readonly number[] }>;
}

const PATIENCE_MS = 15_000;
/** Requests that may be on their way at a time, at the intervals in use. */
const UNDER_WAY = 10;

/** Resolves with its first answer. */
export async function startPinging(lab: Lab, from: string, address: string, intervalMs: number): Promise<Pinging> {
  const place = await containerPlace(lab, from);
  const [file = '', ...args] = place(['ping', '-n', `-i${intervalMs / 1000}`, address]);
  const child = spawn(file, args, { env: lab.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const answers = (): readonly number[] => [...said.matchAll(/icmp_seq=(\d+) ttl=/g)].map(([, seq]) => Number(seq));
  const beyond = (seq: number): Promise<void> =>
    eventually(async () => {
      if ((answers().at(-1) ?? 0) <= seq) throw new Error(`no answer from ${address} beyond ${seq}:\n${said}`);
    }, PATIENCE_MS);
  const end = async (): Promise<void> => {
    const closed = once(child, 'close');
    child.kill('SIGINT');
    await closed;
  };
  try {
    await beyond(0);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    beyond,
    stop: async () => {
      try {
        await beyond((answers().at(-1) ?? 0) + UNDER_WAY);
      } finally {
        await end();
      }
      const seen = new Set(answers());
      const last = Math.max(...seen);
      const sent = Array.from({ length: last }, (_, i) => i + 1);
      return { answered: seen.size, lost: sent.filter((seq) => !seen.has(seq)) };
    },
  };
}
