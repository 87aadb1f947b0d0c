import fc from 'fast-check';
import { test } from 'tap';
import { decodeAck } from '../../../../lib/kernel/netlink/ack.ts';
import { NetlinkDecodeError } from '../../../../lib/kernel/netlink/bytes.ts';
import { NLMSG_DONE, NLMSG_ERROR, decodeMessages, encodeMessage } from '../../../../lib/kernel/netlink/message.ts';
import { datagrams } from './datagrams.ts';

test('a message has the bytes of struct nlmsghdr', async (t) => {
  const bytes = encodeMessage({ type: 16, flags: 0x605, sequence: 7, payload: Buffer.from('aabbcc', 'hex') });
  t.equal(bytes.toString('hex'), '13000000' + '1000' + '0506' + '07000000' + '00000000' + 'aabbcc00');
});

test('messages of one datagram come apart again', async (t) => {
  const message = fc.record({
    type: fc.nat(0xffff),
    flags: fc.nat(0xffff),
    sequence: fc.nat(0xffffffff),
    payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), (messages) => {
      t.same(decodeMessages(Buffer.concat(messages.map(encodeMessage))), messages);
    }),
    { numRuns: 100 },
  );
});

const broken: readonly (readonly [name: string, hex: string, message: RegExp])[] = [
  ['too short for a header', '1000', /byte 0 claims 0 bytes, 2 are there/],
  ['a length of zero', '00000000100000000100000000000000', /byte 0 claims 0 bytes/],
  ['a length past the end', 'ffffff7f100000000100000000000000', /byte 0 claims 2147483647 bytes, 16 are there/],
];

test('datagrams that cannot be are refused', async (t) => {
  for (const [name, hex, message] of broken) {
    t.throws(() => decodeMessages(Buffer.from(hex, 'hex')), { constructor: NetlinkDecodeError, message }, name);
  }
});

const lastOf = (asked: string) => {
  const message = datagrams
    .filter(([name]) => name === asked)
    .flatMap(([, bytes]) => decodeMessages(bytes))
    .at(-1);
  if (!message) throw new Error(`no datagram for ${asked}`);
  return message;
};

test('an ACK is no error', async (t) => {
  t.equal(lastOf('done').type, NLMSG_ERROR);
  t.same(decodeAck(lastOf('done')), { errno: 0 });
});

test('a refusal has the words of the kernel', async (t) => {
  t.same(decodeAck(lastOf('refusal')), { errno: 101, text: 'Nexthop has invalid gateway' });
});

test('the end of a dump may have words too', async (t) => {
  t.same(decodeAck(lastOf('links')), { errno: 0 });
  const attributes = Buffer.from('0800010068690000' + '0800020018000000', 'hex');
  const payload = Buffer.concat([Buffer.from('eaffffff', 'hex'), attributes]);
  t.same(decodeAck({ type: NLMSG_DONE, flags: 0x202, sequence: 1, payload }), { errno: 22, text: 'hi', offset: 24 });
});

test('a refusal that repeats the whole request has its words behind it', async (t) => {
  const request = encodeMessage({ type: 16, flags: 5, sequence: 1, payload: Buffer.alloc(12) });
  const words = Buffer.from('0800010068690000', 'hex');
  const payload = Buffer.concat([Buffer.from('efffffff', 'hex'), request, words]);
  t.same(decodeAck({ type: NLMSG_ERROR, flags: 0x200, sequence: 1, payload }), { errno: 17, text: 'hi' });
});

test('a refusal without a code is refused', async (t) => {
  const message = { type: NLMSG_ERROR, flags: 0, sequence: 1, payload: Buffer.alloc(2) };
  t.throws(() => decodeAck(message), NetlinkDecodeError);
});
