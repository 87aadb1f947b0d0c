import fc from 'fast-check';
import { test } from 'tap';
import {
  attribute,
  bytesAttribute,
  flagAttribute,
  i32Attribute,
  ipAttribute,
  macAttribute,
  nest,
  readAttributes,
  readIp,
  readMac,
  textAttribute,
  u16BeAttribute,
  u32Attribute,
  u8Attribute,
} from '../../../../lib/kernel/netlink/attribute.ts';
import {
  NetlinkDecodeError,
  readI32,
  readText,
  readU16Be,
  readU32,
  readU8,
} from '../../../../lib/kernel/netlink/bytes.ts';
import { parseIp } from '../../../../lib/net/address.ts';
import { parseMac } from '../../../../lib/net/mac.ts';
import { must } from '../../../../lib/net/result.ts';

const ip = must(parseIp('10.0.0.2'));
const mac = must(parseMac('02:42:0a:00:00:02'));

const golden: readonly (readonly [name: string, bytes: Buffer, hex: string])[] = [
  ['u8, padded', u8Attribute(7, 1), '0500070001000000'],
  ['u16 in network order', u16BeAttribute(15, 4789), '06000f0012b50000'],
  ['u32', u32Attribute(4, 1450), '08000400aa050000'],
  ['s32', i32Attribute(1, -1), '08000100ffffffff'],
  ['flag', flagAttribute(4, false), '0500040000000000'],
  ['text with its NUL', textAttribute(3, 'eth0'), '09000300' + '6574683000' + '000000'],
  ['IP address', ipAttribute(1, ip), '080001000a000002'],
  ['MAC address', macAttribute(1, mac), '0a00010002420a0000020000'],
  ['no bytes', bytesAttribute(9, new Uint8Array(0)), '04000900'],
  ['nest', nest(18, u8Attribute(1, 2), u8Attribute(3, 4)), '1400128005000100020000000500030004000000'],
  ['nothing for undefined', Buffer.concat([u8Attribute(1, undefined), textAttribute(1, undefined)]), ''],
];

test('attributes have the bytes of linux/netlink.h', async (t) => {
  for (const [name, bytes, hex] of golden) t.equal(bytes.toString('hex'), hex, name);
});

test('what is written is read', async (t) => {
  const numbers = fc.record({ u8: fc.nat(0xff), u16: fc.nat(0xffff), u32: fc.nat(0xffffffff), s32: fc.integer() });
  const values = fc.tuple(
    numbers,
    fc.string().filter((text) => !text.includes('\0')),
  );
  fc.assert(
    fc.property(values, ([{ u8, u16, u32, s32 }, text]) => {
      const bytes = [
        u8Attribute(1, u8),
        u16BeAttribute(2, u16),
        u32Attribute(3, u32),
        i32Attribute(4, s32),
        textAttribute(5, text),
      ];
      const found = readAttributes(Buffer.concat(bytes));
      t.equal(attribute(found, 1, readU8), u8);
      t.equal(attribute(found, 2, readU16Be), u16);
      t.equal(attribute(found, 3, readU32), u32);
      t.equal(attribute(found, 4, readI32), s32);
      t.equal(attribute(found, 5, readText), Buffer.from(text).toString());
      t.equal(attribute(found, 6, readU8), undefined);
    }),
    { numRuns: 50 },
  );
});

test('the flags of a type are no part of it', async (t) => {
  t.same([...readAttributes(nest(18, u8Attribute(1, 2))).keys()], [18]);
});

test('the last of two attributes of one type counts', async (t) => {
  t.equal(attribute(readAttributes(Buffer.concat([u8Attribute(1, 2), u8Attribute(1, 3)])), 1, readU8), 3);
});

test('hardware addresses that are no MAC are none', async (t) => {
  t.equal(readMac(Buffer.alloc(4)), undefined);
  t.equal(readMac(Buffer.alloc(20)), undefined);
});

const broken: readonly (readonly [name: string, read: () => unknown, message: RegExp])[] = [
  [
    'a length below the header',
    () => readAttributes(Buffer.from('03000100', 'hex')),
    /byte 0 claims 3 bytes, 4 are there/,
  ],
  [
    'a length past the end',
    () => readAttributes(Buffer.from('0900010000000000', 'hex')),
    /byte 0 claims 9 bytes, 8 are there/,
  ],
  ['a second one past the end', () => readAttributes(Buffer.from('04000100ff000100', 'hex')), /byte 4 claims 255/],
  ['a number that is too short', () => readU32(Buffer.alloc(3)), /a u32 has 4 bytes, the kernel sent 3/],
  ['an address of five bytes', () => readIp(Buffer.alloc(5)), /4 or 16 bytes, the kernel sent 5/],
];

test('bytes that cannot be are refused', async (t) => {
  for (const [name, read, message] of broken) t.throws(read, { constructor: NetlinkDecodeError, message }, name);
});
