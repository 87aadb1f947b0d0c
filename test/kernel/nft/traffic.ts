// Traffic that is made and watched with the tools that a person would take.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Where a command runs: the test's own namespace, or one by its name. */
const within = (netns: string, command: readonly string[]): readonly [string, string[]] => {
  const [program = '', ...args] = netns === 'host' ? command : ['ip', 'netns', 'exec', netns, ...command];
  return [program, args];
};

export interface Capture {
  /** When a frame with this content has come; rejects after 5 s. */
  seen(content: Buffer | string): Promise<void>;
  has(content: Buffer | string): boolean;
  stop(): Promise<void>;
}

/** Frames that `link` receives, until stopped. */
export async function capture(netns: string, link: string): Promise<Capture> {
  const tcpdump = ['tcpdump', '-i', link, '-Q', 'in', '-U', '-w', '-', '--immediate-mode'];
  const child = spawn(...within(netns, tcpdump), { stdio: ['ignore', 'pipe', 'pipe'] });
  let bytes = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => (bytes = Buffer.concat([bytes, chunk])));
  await once(child.stderr, 'data');
  return {
    async seen(content) {
      while (!bytes.includes(content)) await once(child.stdout, 'data', { signal: AbortSignal.timeout(5000) });
    },
    has: (content) => bytes.includes(content),
    async stop() {
      child.kill();
      await once(child, 'close');
    },
  };
}

async function feed(netns: string, command: readonly string[], input: Buffer | string): Promise<void> {
  const child = spawn(...within(netns, command), { stdio: ['pipe', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  child.stdin.end(input);
  const [status] = (await once(child, 'close')) as [number | null];
  // EPERM is how a sender learns that a rule has dropped what it sent.
  if (status !== 0 && !complaint.includes('Operation not permitted')) throw new Error(complaint);
}

/** A whole frame, as the namespace's own kernel would never make it. */
export const sendFrame = (netns: string, link: string, frame: Buffer): Promise<void> =>
  feed(netns, ['socat', '-u', 'STDIN', `INTERFACE:${link}`], frame);

/** A UDP datagram from an ordinary socket; `target` is ADDRESS:PORT. A refusal of the kernel is no error. */
export const sendDatagram = (netns: string, target: string, data: Buffer | string, options = ''): Promise<void> =>
  feed(netns, ['socat', '-u', 'STDIN', `UDP-SENDTO:${target}${options}`], data);
