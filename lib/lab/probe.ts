/** What demo and tests find out from inside a container: who answers, and who does not. */
import { type CommandOptions, type Finished, runCommand } from './command.ts';
import { inContainer, startInContainer } from './container-netns.ts';
import { findContainer } from './container-record.ts';
import type { Lab } from './lab.ts';
import { eventually } from './wait.ts';

/** Runs a program in a container to its end. */
export async function inside(
  lab: Lab,
  name: string,
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<Finished> {
  const record = await findContainer(lab.layout, name);
  return runCommand(inContainer(lab, record, argv), { env: lab.env, ...options });
}

/** Round trip of the first answer, milliseconds; undefined when no echo request is answered within `seconds`. */
export async function ping(lab: Lab, from: string, address: string, seconds = 2): Promise<number | undefined> {
  const argv = ['ping', '-n', '-c1', '-i0.2', '-w', String(seconds), address];
  const { status, stdout } = await inside(lab, from, argv);
  const time = /time=([\d.]+) ms/.exec(stdout)?.[1];
  return status === 0 && time !== undefined ? Number(time) : undefined;
}

const NAME_PORT = 7001;

/** Makes a container say its name to whoever connects, so that one can tell which of two equal addresses answered. */
export async function sayName(lab: Lab, name: string): Promise<void> {
  const record = await findContainer(lab.layout, name);
  const argv = ['socat', `TCP-LISTEN:${NAME_PORT},fork,reuseaddr`, `EXEC:echo ${name}`];
  await startInContainer(lab, record, argv);
  await eventually(async () => {
    const { stdout } = await inside(lab, name, ['ss', '-Hltn', `sport = :${NAME_PORT}`]);
    if (stdout.trim() === '') throw new Error(`${name} does not listen on port ${NAME_PORT}`);
  }, 5000);
}

/** The name of the container that answers at an address; undefined when none does within 3 s. */
export async function askName(lab: Lab, from: string, address: string): Promise<string | undefined> {
  const argv = ['socat', '-u', `TCP:${address}:${NAME_PORT},connect-timeout=3`, '-'];
  const { status, stdout } = await inside(lab, from, argv);
  return status === 0 ? stdout.trim() : undefined;
}
