import { test } from 'tap';
import { Answers, Dump } from '../../../../lib/kernel/netlink/answer.ts';
import { type Message, NLMSG_DONE, NLMSG_ERROR, NLM_F_DUMP_INTR } from '../../../../lib/kernel/netlink/message.ts';

function message(type: number, sequence: number, number: number, flags = 0): Message {
  const payload = Buffer.alloc(4);
  payload.writeInt32LE(number);
  return { type, flags, sequence, payload };
}

test('each answer comes to its request, with what the query brought', async (t) => {
  const answers = new Answers(7, 3);
  for (const one of [message(16, 8, 5), message(NLMSG_ERROR, 7, -17), message(NLMSG_ERROR, 8, 0)]) answers.add(one);
  t.notOk(answers.isComplete());
  answers.add(message(NLMSG_ERROR, 9, 0));
  t.ok(answers.isComplete());
  t.same(
    answers.inOrder().map(({ errno, payloads }) => [errno, payloads.map((payload) => payload.readInt32LE())]),
    [
      [17, []],
      [0, [5]],
      [0, []],
    ],
  );
});

test('answers to earlier requests, and second ones, do not count', async (t) => {
  const answers = new Answers(7, 1);
  for (const sequence of [6, 8, 0]) answers.add(message(NLMSG_ERROR, sequence, -1));
  t.notOk(answers.isComplete());
  answers.add(message(NLMSG_ERROR, 7, 0));
  answers.add(message(NLMSG_ERROR, 7, -1));
  t.same(answers.inOrder(), [{ errno: 0, payloads: [] }]);
});

const read = (payload: Buffer) => payload.readInt32LE();

test('a dump is whole when nothing changed under way', async (t) => {
  const dump = new Dump(read);
  for (const one of [message(16, 1, 5), message(16, 1, 6)]) dump.add(one);
  t.equal(dump.end(), undefined);
  dump.add(message(NLMSG_DONE, 1, 0));
  t.same(dump.end(), { errno: 0 });
  t.same(dump.whole(), [5, 6]);
});

test('one message that says so makes it no state of the table', async (t) => {
  for (const interrupted of [0, 1, 2]) {
    const dump = new Dump(read);
    const flags = (at: number) => (at === interrupted ? NLM_F_DUMP_INTR : 0);
    dump.add(message(16, 1, 5, flags(0)));
    dump.add(message(16, 1, 6, flags(1)));
    dump.add(message(NLMSG_DONE, 1, 0, flags(2)));
    t.equal(dump.whole(), undefined, `message ${interrupted}`);
  }
});

test('a dump may end with an error', async (t) => {
  const dump = new Dump(read);
  dump.add(message(NLMSG_DONE, 1, -95));
  t.same(dump.end(), { errno: 95 });
});
