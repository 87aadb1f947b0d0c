/** Datagrams that a real kernel sent (test/fixtures/netlink/datagrams.txt), by what was asked for. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Message, NLMSG_DONE, decodeMessages } from '../../../../lib/kernel/netlink/message.ts';

const file = resolve(import.meta.dirname, '../../../fixtures/netlink/datagrams.txt');

export const datagrams: readonly (readonly [asked: string, bytes: Buffer])[] = readFileSync(file, 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(' '))
  .map(([asked = '', hex = '']) => [asked, Buffer.from(hex, 'hex')]);

/** The messages of a dump, without its end. */
export function dumped(asked: string): Message[] {
  const own = datagrams.filter(([name]) => name === asked).flatMap(([, bytes]) => decodeMessages(bytes));
  return own.filter(({ type }) => type !== NLMSG_DONE);
}
