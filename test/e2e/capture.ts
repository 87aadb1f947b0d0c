// What tcpdump sees on a device, to its end: a test that says that something did not come must know that it would have been seen by now.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lib/lab/lab.ts';
import { inside } from '../../lib/lab/probe.ts';
import { eventually } from '../../lib/lab/wait.ts';
import type { Place } from './traffic.ts';

/** Frames seen on a device by tcpdump with a filter, one line each (of a tunnel's two), from now until `stop`. */
export interface Capture {
  /** Waits for as many lines as are expected, and a moment for those that are not. */
  stop(expected: number): Promise<readonly string[]>;
  /** Waits for the frame of `mark`, which must pass the filter; throws when it does not come. Its line is left out. */
  stopAtMark(): Promise<readonly string[]>;
}

const PATIENCE_MS = 15_000;
/** For frames that nobody expects, where no mark can be sent after them. */
const MOMENT_MS = 500;

/** Payload, bytes; with the 8 of its header what tcpdump prints. Nothing else in these tests has that length. */
const MARK_BYTES = 1001;
const MARK = new RegExp(`ICMP echo request, .*length ${MARK_BYTES + 8}$`);

/**
 * Sends a frame that is unlike all others from a container to an address: what was sent on that way before it has arrived before it,
 * or never will. Whether it is answered is not asked.
 */
export async function mark(lab: Lab, from: string, address: string): Promise<void> {
  await inside(lab, from, ['ping', '-n', '-c1', '-W1', '-s', String(MARK_BYTES), address]);
}

export async function capture(lab: Lab, place: Place, device: string, filter: string): Promise<Capture> {
  const [file = '', ...args] = place(['tcpdump', '--immediate-mode', '-U', '-l', '-nn', '-e', '-i', device, filter]);
  const child = spawn(file, args, { env: lab.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const lines = (): readonly string[] => out.split('\n').filter((line) => line !== '');
  const end = async (): Promise<readonly string[]> => {
    child.kill('SIGINT');
    await once(child, 'close');
    return lines();
  };
  await eventually(async () => {
    if (!err.includes('listening on')) throw new Error(`tcpdump does not listen: ${err}`);
  }, PATIENCE_MS);
  return {
    stop: async (expected) => {
      const deadline = performance.now() + PATIENCE_MS;
      while (lines().length < expected && performance.now() < deadline) await sleep(20);
      await sleep(MOMENT_MS);
      return end();
    },
    stopAtMark: async () => {
      const isMarked = (): boolean => lines().some((line) => MARK.test(line));
      const deadline = performance.now() + PATIENCE_MS;
      while (!isMarked() && performance.now() < deadline) await sleep(20);
      const seen = await end();
      if (!isMarked()) throw new Error(`the mark was not seen on ${device} with "${filter}":\n${seen.join('\n')}`);
      return seen.filter((line) => !MARK.test(line));
    },
  };
}
