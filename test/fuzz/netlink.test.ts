// No bytes make a decoder of netlink throw anything but its own error, hang, or read what is not there.
import fc from 'fast-check';
import { test } from 'tap';
import { decodeAck } from '../../lib/kernel/netlink/ack.ts';
import { decodeAddress } from '../../lib/kernel/netlink/address.ts';
import { readAttributes } from '../../lib/kernel/netlink/attribute.ts';
import { NetlinkDecodeError } from '../../lib/kernel/netlink/bytes.ts';
import { decodeLink } from '../../lib/kernel/netlink/link.ts';
import { type Message, decodeMessages } from '../../lib/kernel/netlink/message.ts';
import { decodeNeighbour } from '../../lib/kernel/netlink/neighbour.ts';
import { decodeNsid } from '../../lib/kernel/netlink/nsid.ts';
import { decodeRoute } from '../../lib/kernel/netlink/route.ts';
import { changedTable } from '../../lib/kernel/watch/nft-notification.ts';
import { decodeNotification } from '../../lib/kernel/watch/notification.ts';
import { datagrams } from '../unit/kernel/netlink/datagrams.ts';

const decoders: readonly (readonly [name: string, decode: (message: Message) => unknown])[] = [
  ['attributes', ({ payload }) => readAttributes(payload)],
  ['ack', decodeAck],
  ['link', ({ payload }) => decodeLink(payload)],
  ['address', ({ payload }) => decodeAddress(payload)],
  ['route', ({ payload }) => decodeRoute(payload)],
  ['neighbour', ({ payload }) => decodeNeighbour(payload)],
  ['nsid', ({ payload }) => decodeNsid(payload)],
  ['notification', decodeNotification],
  ['nftables notification', changedTable],
];

/** Whatever is thrown but NetlinkDecodeError fails the property. */
function orRefused(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof NetlinkDecodeError)) throw error;
  }
}

function decodeAll(datagram: Buffer): void {
  orRefused(() => {
    for (const message of decodeMessages(datagram)) {
      for (const [, decode] of decoders) orRefused(() => void decode(message));
    }
  });
}

/** A copy between guard bytes: a read out of bounds would find other values each time. */
function guarded(bytes: Uint8Array, guard: number): Buffer {
  const whole = Buffer.alloc(bytes.length + 64, guard);
  whole.set(bytes, 32);
  return whole.subarray(32, 32 + bytes.length);
}

function outcome(decode: (message: Message) => unknown, message: Message): string {
  try {
    const found = decode(message);
    return found === undefined ? 'nothing' : JSON.stringify(found instanceof Map ? [...found] : found);
  } catch (error) {
    return String(error);
  }
}

const types = fc.constantFrom(2, 3, 16, 17, 20, 21, 24, 25, 28, 29, 88, 89, 0x0a00, 0x0a06);
const anyMessage = fc.record({ type: types, flags: fc.nat(0xffff), payload: fc.uint8Array({ maxLength: 200 }) });
const real = fc.constantFrom(...datagrams.map(([, bytes]) => bytes));
const mutation = fc.record({ at: fc.nat(), value: fc.nat(0xff) });
const mutated = fc.record({
  bytes: real,
  changes: fc.array(mutation, { minLength: 1, maxLength: 8 }),
  cut: fc.nat(64),
});

test('arbitrary datagrams', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => decodeAll(Buffer.from(bytes))),
    { numRuns: 3_000 },
  );
  t.pass('only NetlinkDecodeError was thrown');
});

test('datagrams of a kernel with bytes changed and ends cut', async (t) => {
  const property = fc.property(mutated, ({ bytes, changes, cut }) => {
    const copy = Buffer.from(bytes.subarray(0, Math.max(0, bytes.length - cut)));
    for (const { at, value } of changes) if (copy.length > 0) copy[at % copy.length] = value;
    decodeAll(copy);
  });
  fc.assert(property, { numRuns: 3_000 });
  t.pass('only NetlinkDecodeError was thrown');
});

test('what is around a message does not matter', async (t) => {
  const property = fc.property(anyMessage, ({ type, flags, payload }) => {
    for (const [name, decode] of decoders) {
      const [a, b] = [0x00, 0xff].map((guard) =>
        outcome(decode, { type, flags, sequence: 1, payload: guarded(payload, guard) }),
      );
      if (a !== b) throw new Error(`${name} read beyond its message: ${a} or ${b}`);
    }
  });
  fc.assert(property, { numRuns: 1_000 });
  t.pass('each decoder gave the same result');
});

test('attributes nested as deep as they go', async (t) => {
  let bytes = Buffer.alloc(0);
  for (let depth = 0; bytes.length + 4 < 0xffff; depth++) {
    const header = Buffer.alloc(4);
    header.writeUInt16LE(bytes.length + 4, 0);
    header.writeUInt16LE(0x8000 | [18, 2, 1][depth % 3]!, 2);
    bytes = Buffer.concat([header, bytes]);
  }
  const payload = Buffer.concat([Buffer.alloc(16), bytes]);
  for (const [name, decode] of decoders) {
    orRefused(() => void decode({ type: 16, flags: 0, sequence: 1, payload }));
    t.pass(name);
  }
});
