// Traffic between containers and nodes: ask, listen, capture. Programs are those that a person would use.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Finished } from '../../lib/lab/command.ts';
import { runCommand } from '../../lib/lab/command.ts';
import { inContainer } from '../../lib/lab/container-netns.ts';
import { findContainer } from '../../lib/lab/container-record.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { onFabric } from '../../lib/lab/lab.ts';
import { onNode } from '../../lib/lab/node.ts';
import { startProcess } from '../../lib/lab/process.ts';
import { eventually } from '../../lib/lab/wait.ts';

/** Where a program runs: the argument list that runs it there. */
export type Place = (argv: readonly string[]) => readonly string[];

export async function containerPlace(lab: Lab, name: string): Promise<Place> {
  const record = await findContainer(lab.layout, name);
  return (argv) => inContainer(lab, record, argv);
}
export const nodePlace =
  (lab: Lab, node: string): Place =>
  (argv) =>
    onNode(lab.layout, node, argv);
export const fabricPlace =
  (lab: Lab): Place =>
  (argv) =>
    onFabric(lab.layout, argv);
/** A network's namespace on a node. */
export const networkPlace =
  (lab: Lab, node: string, vni: number): Place =>
  (argv) =>
    onNode(lab.layout, node, ['nsenter', `--net=/run/netns/warren-${vni}`, '--', ...argv]);

export const at = (lab: Lab, place: Place, argv: readonly string[]): Promise<Finished> =>
  runCommand(place(argv), { env: lab.env });

/** What `ip -j` or `bridge -j` says. */
export async function rows<T>(
  lab: Lab,
  place: Place,
  argv: readonly string[],
  row: z.ZodType<T>,
): Promise<readonly T[]> {
  const done = await at(lab, place, argv);
  if (done.status !== 0) throw new Error(`${argv.join(' ')}: ${done.stderr}`);
  return z.array(row).parse(JSON.parse(done.stdout.trim() || '[]'));
}

const linkSchema = z.object({
  ifindex: z.number(),
  ifname: z.string(),
  mtu: z.number(),
  address: z.string().optional(),
});
export type LinkRow = z.infer<typeof linkSchema>;

/** `ip link show` but for loopback. */
export async function links(lab: Lab, place: Place): Promise<readonly LinkRow[]> {
  return (await rows(lab, place, ['ip', '-j', 'link', 'show'], linkSchema)).filter(({ ifname }) => ifname !== 'lo');
}

/** A server that answers each connection or datagram with a text. It ends with the lab. */
export async function serve(
  lab: Lab,
  place: Place,
  protocol: 'TCP' | 'UDP',
  port: number,
  answer: string,
): Promise<void> {
  const listen = protocol === 'TCP' ? `TCP-LISTEN:${port},fork,reuseaddr` : `UDP-RECVFROM:${port},fork`;
  // A datagram is read before it is answered: socat gives up on a program that ended with something still to read.
  const answering = protocol === 'TCP' ? answer : `read question; ${answer}`;
  await startProcess(lab.layout, {
    name: `serve-${protocol}-${port}-${Math.random()}`,
    argv: place(['socat', listen, `SYSTEM:${answering}`]),
    env: lab.env,
  });
  await eventually(async () => {
    const flags = protocol === 'TCP' ? '-Hltn' : '-Hlun';
    if ((await at(lab, place, ['ss', flags, `sport = :${port}`])).stdout.trim() === '')
      throw new Error(`nothing listens on ${protocol} port ${port}`);
  }, 5000);
}

/** What a server of `serve` answers; empty when nothing comes within 2 s. */
export async function ask(
  lab: Lab,
  place: Place,
  protocol: 'TCP' | 'UDP',
  address: string,
  port: number,
): Promise<string> {
  const target = protocol === 'TCP' ? `TCP:${address}:${port},connect-timeout=2` : `UDP:${address}:${port}`;
  // Nothing is written on TCP: a server that ends with something unread resets the connection, and its answer is lost.
  const socat = protocol === 'TCP' ? ['socat', '-u', target, '-'] : ['socat', '-t2', '-T2', '-', target];
  const done = await runCommand(place(socat), { env: lab.env, input: '?\n' });
  return done.stdout.trim();
}

/** Frames seen on a device by tcpdump with a filter, one line each, from now until `stop`. */
export interface Capture {
  /** Waits for as many as are expected, 2 s at most, and a moment for those that are not. */
  stop(expected?: number): Promise<readonly string[]>;
}

export async function capture(lab: Lab, place: Place, device: string, filter: string): Promise<Capture> {
  const [file = '', ...args] = place(['tcpdump', '--immediate-mode', '-U', '-l', '-nn', '-e', '-i', device, filter]);
  const child = spawn(file, args, { env: lab.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const lines = (): readonly string[] => out.split('\n').filter((line) => line !== '');
  await eventually(async () => {
    if (!err.includes('listening on')) throw new Error(`tcpdump does not listen: ${err}`);
  }, 5000);
  return {
    stop: async (expected = 0) => {
      for (let i = 0; i < 100 && lines().length < expected; i++) await sleep(20);
      await sleep(200);
      child.kill('SIGINT');
      await once(child, 'close');
      return lines();
    },
  };
}
