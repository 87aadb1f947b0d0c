// Traffic between containers and nodes: ask and listen. Programs are those that a person would use.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
  }, 15_000);
}

/** For an answer, in seconds: long, because it is only used up when something is broken. */
const PATIENCE = 10;

/** What a server of `serve` answers; empty when it does not. */
export async function ask(
  lab: Lab,
  place: Place,
  protocol: 'TCP' | 'UDP',
  address: string,
  port: number,
): Promise<string> {
  const target = protocol === 'TCP' ? `TCP:${address}:${port},connect-timeout=${PATIENCE}` : `UDP:${address}:${port}`;
  // Nothing is written on TCP: a server that ends with something unread resets the connection, and its answer is lost.
  const direction = protocol === 'TCP' ? ['-u', target, '-'] : [`-t${PATIENCE}`, '-', target];
  return firstLine(place(['socat', `-T${PATIENCE}`, ...direction]), lab.env);
}

/** Of a program's output; then it is ended, since nobody tells it that no more datagrams will come. Empty when it ends without one. */
async function firstLine([file = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    if (out.includes('\n')) child.kill();
  });
  // A program that ends without reading its input is no failure of ours.
  child.stdin.on('error', () => undefined);
  child.stdin.end('?\n');
  await once(child, 'close');
  return out.split('\n')[0] ?? '';
}
