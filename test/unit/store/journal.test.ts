import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { type Attachment, keyOf } from '../../../lib/store/attachment.ts';
import { openJournal } from '../../../lib/store/journal.ts';
import { exampleAttachment } from './example.ts';

async function freshDirectory(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'warren-journal-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test('what was put is there after a restart, and gone after its removal', async (t) => {
  const directory = await freshDirectory(t);
  const first = exampleAttachment({ containerID: 'aaa' });
  const second = exampleAttachment({ containerID: 'bbb', state: 'releasing' });
  const { journal } = await openJournal(directory);
  await Promise.all([journal.put(first), journal.put(second)]);
  t.same((await openJournal(directory)).journal.list(), [first, second]);
  await journal.remove(keyOf(first));
  const { journal: again, unreadable } = await openJournal(directory);
  t.same(again.list(), [second]);
  t.same(unreadable, []);
});

test('an entry is visible at once, before the disk has it', async (t) => {
  const { journal } = await openJournal(await freshDirectory(t));
  const attachment = exampleAttachment({ containerID: 'aaa' });
  const written = journal.put(attachment);
  t.same(journal.get(keyOf(attachment)), attachment);
  await written;
});

test('files are for root alone', async (t) => {
  const directory = await freshDirectory(t);
  const { journal } = await openJournal(directory);
  await journal.put(exampleAttachment({ containerID: 'aaa' }));
  const [file = ''] = await readdir(directory);
  t.equal((await stat(join(directory, file))).mode & 0o777, 0o600);
});

test('a write that a crash cut short leaves the entry as it was before', async (t) => {
  const directory = await freshDirectory(t);
  const attachment = exampleAttachment({ containerID: 'aaa' });
  await (await openJournal(directory)).journal.put(attachment);
  await writeFile(join(directory, `${keyOf(attachment)}.json.tmp`), '{"version":1,"cont');
  const { journal, unreadable } = await openJournal(directory);
  t.same(journal.list(), [attachment]);
  t.same(unreadable, []);
  t.same(await readdir(directory), [`${keyOf(attachment)}.json`]);
});

test('an empty file, as a loss of power leaves one, is no entry', async (t) => {
  const directory = await freshDirectory(t);
  await writeFile(join(directory, 'aaa.eth0.json'), '');
  const { journal, unreadable } = await openJournal(directory);
  t.same(journal.list(), []);
  t.same(unreadable, []);
  t.same(await readdir(directory), []);
});

const broken: readonly (readonly [name: string, text: string, message: RegExp])[] = [
  ['no JSON', '{', /not JSON/],
  ['another shape', '[]', /object/],
  ['a bad address', JSON.stringify(withAddress('10.0.0.300/24')), /interfaces\[0\]\.addresses\[0\].*10\.0\.0\.300/],
  ['a version of the future', JSON.stringify({ ...exampleAttachment({}), version: 2 }), /version/],
];
for (const [name, text, message] of broken) {
  test(`an entry that is ${name} is set aside and named, and the others are read`, async (t) => {
    const directory = await freshDirectory(t);
    const good = exampleAttachment({ containerID: 'good' });
    await (await openJournal(directory)).journal.put(good);
    await writeFile(join(directory, 'bad.eth0.json'), text);
    const { journal, unreadable } = await openJournal(directory);
    t.same(journal.list(), [good]);
    t.equal(unreadable.length, 1);
    t.match(unreadable[0]?.error, message);
    t.equal(await readFile(join(directory, 'bad.eth0.json.unreadable'), 'utf8'), text);
  });
}

function withAddress(address: string): object {
  const attachment: Attachment = exampleAttachment({});
  return { ...attachment, interfaces: attachment.interfaces.map((one) => ({ ...one, addresses: [address] })) };
}

test('an entry that the disk refuses is not there', async (t) => {
  const directory = await freshDirectory(t);
  const { journal } = await openJournal(directory);
  const before = exampleAttachment({ containerID: 'aaa' });
  await journal.put(before);
  await rm(directory, { recursive: true });
  await t.rejects(journal.put({ ...before, state: 'releasing' }), { code: 'ENOENT' });
  await t.rejects(journal.put(exampleAttachment({ containerID: 'bbb' })), { code: 'ENOENT' });
  t.same(journal.list(), [before]);
});
