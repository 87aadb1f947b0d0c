import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import type { NftKeyType } from '../../../../lib/dataplane/nft.ts';
import { markFromText, markToText } from '../../../../lib/kernel/nft/mark.ts';
import { decodeKey, decodeKeyType, encodeKey } from '../../../../lib/kernel/nft/set-key.ts';
import { NetlinkDecodeError } from '../../../../lib/kernel/netlink/bytes.ts';
import { ipFromBytes } from '../../../../lib/net/address.ts';
import { macFromBytes } from '../../../../lib/net/mac.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const values: { readonly [type in NftKeyType]: fc.Arbitrary<string> } = {
  ifname: fc.stringMatching(/^[a-z][a-z0-9.-]{0,14}$/),
  ether_addr: bytes(6).map((mac) => macFromBytes(Uint8Array.of((mac[0] ?? 0) & 0xfe, ...mac.subarray(1, 5), 1))),
  ipv4_addr: bytes(4).map(ipFromBytes),
  ipv6_addr: bytes(16)
    .map(ipFromBytes)
    .filter((ip) => !ip.includes('.')),
  mark: bytes(4).map((mark) => `0x${Buffer.from(mark).toString('hex')}`),
};
const types = fc.array(fc.constantFrom(...(Object.keys(values) as NftKeyType[])), { minLength: 1, maxLength: 5 });
const keyed = types.chain((list) => fc.tuple(fc.constant(list), fc.tuple(...list.map((type) => values[type]))));

void test('a key survives the way through its bytes, which are whole registers', (t) => {
  const property = fc.property(keyed, ([list, key]) => {
    const encoded = encodeKey(key, list);
    assert.equal(encoded.length % 4, 0);
    assert.deepEqual(decodeKey(encoded, list), key);
  });
  fc.assert(property);
  t.end();
});

void test('the bytes are the kernel’s', (t) => {
  const key = encodeKey(['v1', '02:42:0a:00:00:02', '10.0.0.2'], ['ifname', 'ether_addr', 'ipv4_addr']);
  t.equal(key.toString('hex'), `7631${'00'.repeat(14)}02420a00000200000a000002`);
  t.equal(encodeKey(['0x0a000002'], ['mark']).toString('hex'), '0a000002');
  t.end();
});

const misfits: readonly (readonly [key: readonly string[], types: readonly NftKeyType[], message: RegExp])[] = [
  [['v1'], ['ifname', 'mark'], /does not have 2 parts/],
  [['02:42'], ['ether_addr'], /not a unicast MAC/],
  [['fd00::1'], ['ipv4_addr'], /too long for ipv4_addr/],
  [['10.0.0.300'], ['ipv4_addr'], /not an IP address/],
  [['a-name-that-is-too-long'], ['ifname'], /too long for ifname/],
];
void test('a key that does not fit is refused', (t) => {
  for (const [key, list, message] of misfits) t.throws(() => encodeKey(key, list), { message });
  t.end();
});

void test('the types of a set are known by nft’s numbers', (t) => {
  t.strictSame(decodeKeyType(7), ['ipv4_addr']);
  t.strictSame(decodeKeyType((41 << 12) | (9 << 6) | 19), ['ifname', 'ether_addr', 'mark']);
  for (const unknown of [0, 13, (41 << 6) | 13, 0xffff_ffff])
    t.equal(decodeKeyType(unknown), undefined, String(unknown));
  t.end();
});

void test('no bytes make the decoder throw anything but its own error', (t) => {
  const property = fc.property(types, fc.uint8Array({ maxLength: 64 }), (list, input) => {
    try {
      assert.equal(decodeKey(Buffer.from(input), list).length, list.length);
    } catch (error) {
      assert.ok(error instanceof NetlinkDecodeError);
    }
  });
  fc.assert(property);
  t.end();
});

void test('a mark is a number for nft and four bytes for us', (t) => {
  fc.assert(fc.property(values.mark, (text) => assert.equal(markToText(markFromText(text)), text)));
  t.end();
});
