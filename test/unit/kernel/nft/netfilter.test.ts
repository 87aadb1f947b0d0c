import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import { NetlinkDecodeError } from '../../../../lib/kernel/netlink/bytes.ts';
import {
  decodeDynamicSet,
  decodeElements,
  decodeGeneration,
  fingerprint,
  hasTableFlags,
  isInTable,
} from '../../../../lib/kernel/nft/netfilter-decode.ts';
import {
  addElement,
  batchBegin,
  deleteElement,
  deleteTable,
  queries,
} from '../../../../lib/kernel/nft/netfilter-message.ts';
import { nest, textAttribute, u32Attribute } from '../../../../lib/kernel/netlink/attribute.ts';

const name = { family: 'bridge', table: 'warren' } as const;
const hex = (bytes: Buffer) => bytes.toString('hex');
/** struct nfgenmsg of the bridge family, then `NFTA_*_TABLE`. */
const inTable = `070000000b000100${Buffer.from('warren\0\0').toString('hex')}`;
const ep4 = `08000200${Buffer.from('ep4\0').toString('hex')}`;

void test('messages are the kernel’s bytes', (t) => {
  t.equal(hex(batchBegin.payload), '0000000a');
  t.match(deleteTable(name), { type: 0x0a02, flags: 0 });
  t.equal(hex(deleteTable(name).payload), inTable);
  t.equal(hex(queries.rules(name).payload), inTable);
  const key = Buffer.of(10, 0, 0, 2);
  t.match(addElement(name, 'ep4', key), { type: 0x0a0c, flags: 0x600 });
  t.match(deleteElement(name, 'ep4', key), { type: 0x0a0e, flags: 0 });
  const element = '14000380' + '10000180' + '0c000180' + '08000100' + '0a000002';
  t.equal(hex(addElement(name, 'ep4', key).payload), inTable + ep4 + element);
  t.end();
});

void test('elements of a dump', (t) => {
  const key = Buffer.of(10, 0, 0, 2);
  t.strictSame(decodeElements(addElement(name, 'ep4', key).payload, ['ipv4_addr']), [['10.0.0.2']]);
  t.ok(isInTable(addElement(name, 'ep4', key).payload, 'warren'));
  t.notOk(isInTable(addElement(name, 'ep4', key).payload, 'other'));
  t.end();
});

const be32 = (type: number, value: number) => {
  const swapped = Buffer.alloc(4);
  swapped.writeUInt32BE(value);
  return u32Attribute(type, swapped.readUInt32LE());
};
const setMessage = (flags: number, keyType: number) =>
  Buffer.concat([
    Buffer.alloc(4),
    textAttribute(1, 'warren'),
    textAttribute(2, 'ep4'),
    be32(3, flags),
    be32(4, keyType),
  ]);
void test('only sets whose elements come and go are dynamic', (t) => {
  t.strictSame(decodeDynamicSet(setMessage(0, 7)), { name: 'ep4', types: ['ipv4_addr'] });
  t.equal(decodeDynamicSet(setMessage(1, 7)), undefined, 'anonymous');
  t.equal(decodeDynamicSet(setMessage(2, 7)), undefined, 'constant');
  t.equal(decodeDynamicSet(setMessage(0, 13)), undefined, 'ports');
  t.end();
});

const chain = (handle: number, policy: number) =>
  Buffer.concat([Buffer.alloc(4), be32(2, handle), nest(4), be32(5, policy), be32(6, 99)]);
void test('a fingerprint sees what changes and not what counts', (t) => {
  const of = (...chains: readonly Buffer[]) => fingerprint({ tables: [], chains, rules: [], sets: [] });
  t.equal(of(chain(1, 1)), of(Buffer.concat([chain(1, 1), nest(8, be32(1, 1234))])), 'counters');
  t.not(of(chain(1, 1)), of(chain(1, 0)), 'policy');
  t.not(of(chain(1, 1)), of(chain(2, 1)), 'another chain');
  t.not(of(chain(1, 1), chain(2, 1)), of(chain(2, 1), chain(1, 1)), 'order');
  t.end();
});

void test('no bytes make a decoder throw anything but its own error', (t) => {
  const decoders: readonly ((payload: Buffer) => unknown)[] = [
    ...[decodeDynamicSet, decodeGeneration, hasTableFlags, (payload: Buffer) => isInTable(payload, 'warren')],
    (payload) => decodeElements(payload, ['ifname', 'ether_addr']),
    (payload) => fingerprint({ tables: [payload], chains: [payload], rules: [payload], sets: [payload] }),
  ];
  const valid = addElement(name, 'ep4', Buffer.alloc(24)).payload;
  const mutated = fc
    .array(fc.tuple(fc.nat({ max: valid.length - 1 }), fc.integer({ min: 0, max: 255 })))
    .map((changes) => {
      const bytes = Buffer.from(valid);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  const property = fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (input) => {
    for (const decode of decoders) {
      try {
        decode(Buffer.from(input));
      } catch (error) {
        assert.ok(error instanceof NetlinkDecodeError, String(error));
      }
    }
  });
  fc.assert(property, { numRuns: 5000 });
  t.end();
});
