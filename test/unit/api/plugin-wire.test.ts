/** The frames between plugin and agent. */
import { test } from 'tap';
import {
  cniEnv,
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
  PART_BYTES_MAX,
  queueFileName,
  WireError,
} from '../../../lib/api/plugin-wire.ts';

const request = {
  env: { CNI_COMMAND: 'ADD', CNI_ARGS: 'A=b=c;K=ü\n', CNI_NETNS: '' },
  stdin: Uint8Array.of(0, 1, 255),
};
const reply = { exitCode: 1, stdout: new TextEncoder().encode('{"code":7}') };

test('a request and a reply survive the round trip', (t) => {
  t.strictSame(decodeRequest(encodeRequest(request)), { done: true, value: request });
  t.strictSame(decodeReply(encodeReply(reply)), { done: true, value: reply });
  const nothing = { env: {}, stdin: new Uint8Array() };
  t.strictSame(decodeRequest(encodeRequest(nothing)), { done: true, value: nothing });
  t.end();
});

test('the frame on the wire stays as it is', (t) => {
  const bytes = encodeRequest({ env: { CNI_COMMAND: 'DEL' }, stdin: new TextEncoder().encode('{}') });
  t.equal(Buffer.from(bytes).toString('latin1'), 'WRN1\0\0\0\x10\0\0\0\x02CNI_COMMAND=DEL\0{}');
  t.equal(Buffer.from(encodeReply(reply)).toString('latin1'), 'WRN1\0\0\0\x01\0\0\0\x0a{"code":7}');
  t.end();
});

test('an incomplete frame says how many bytes it needs', (t) => {
  const frame = encodeRequest(request);
  for (let length = 0; length < frame.length; length++) {
    const needed = length < 12 ? 12 : frame.length;
    t.strictSame(decodeRequest(frame.subarray(0, length)), { done: false, needed });
  }
  const answer = encodeReply(reply);
  t.strictSame(decodeReply(answer.subarray(0, 11)), { done: false, needed: 12 });
  t.strictSame(decodeReply(answer.subarray(0, 12)), { done: false, needed: answer.length });
  t.end();
});

test('a frame inside a larger buffer is read where it lies', (t) => {
  const frame = encodeRequest(request);
  const buffer = new Uint8Array(frame.length + 20);
  buffer.set(frame, 7);
  t.strictSame(decodeRequest(buffer.subarray(7)), { done: true, value: request });
  t.end();
});

function header(first: number, second: number, magic = 'WRN1'): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.write(magic, 'latin1');
  bytes.writeUInt32BE(first, 4);
  bytes.writeUInt32BE(second, 8);
  return bytes;
}

test('a foreign or oversized frame is refused from its header', (t) => {
  t.throws(() => decodeRequest(header(0, 0, 'GET ')), { name: 'WireError', message: /WRN1/ });
  t.throws(() => decodeRequest(header(0, PART_BYTES_MAX + 1)), WireError);
  t.throws(() => decodeRequest(header(0xffff_ffff, 0)), WireError);
  t.throws(() => decodeReply(header(0, PART_BYTES_MAX + 1)), WireError);
  t.throws(() => decodeReply(header(256, 0)), { message: /256 is no exit code/ });
  t.strictSame(decodeRequest(header(0, PART_BYTES_MAX)), { done: false, needed: 12 + PART_BYTES_MAX });
  t.end();
});

test('an environment with anything but CNI variables is refused', (t) => {
  for (const text of ['PATH=/bin\0', 'CNI_COMMAND\0', '=x\0', '__proto__=x\0']) {
    const env = Buffer.from(text);
    t.throws(() => decodeRequest(Buffer.concat([header(env.length, 0), env])), WireError, text);
  }
  t.end();
});

test('what is too large is not sent', (t) => {
  t.throws(() => encodeRequest({ env: {}, stdin: new Uint8Array(PART_BYTES_MAX + 1) }), WireError);
  t.throws(() => encodeRequest({ env: { CNI_ARGS: 'x'.repeat(1024 * 1024) }, stdin: new Uint8Array() }), WireError);
  t.throws(() => encodeReply({ exitCode: -1, stdout: new Uint8Array() }), WireError);
  t.doesNotThrow(() => encodeRequest({ env: {}, stdin: new Uint8Array(PART_BYTES_MAX) }));
  t.end();
});

test('only variables of CNI are passed on', (t) => {
  t.strictSame(cniEnv({ CNI_COMMAND: 'ADD', PATH: '/bin', TOKEN: 's', CNI_ARGS: undefined }), {
    CNI_COMMAND: 'ADD',
  });
  t.end();
});

test('a queued DEL has one name however often it comes', (t) => {
  t.equal(queueFileName('c1', 'eth0'), 'c1@eth0.del');
  t.not(queueFileName('c1', 'a@b'), queueFileName('c1', 'a'));
  t.end();
});
