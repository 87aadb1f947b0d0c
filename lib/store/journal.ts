/** The agent's memory: one file an attachment, written before its ADD or DEL is answered, mirrored in a map. */
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseWith } from '../api/field.ts';
import { err, type Result } from '../net/result.ts';
import { removeDurably, replaceFile, writeAtomically } from './atomic-file.ts';
import { type Attachment, attachmentSchema, keyOf } from './attachment.ts';

export interface Journal {
  get(key: string): Attachment | undefined;
  list(): readonly Attachment[];
  /** In the map alone: what a crash now is to forget, and all else must see already. */
  hold(attachment: Attachment): void;
  /** The map has it at once, the disk when the promise resolves; when that fails, both have what they had before. */
  put(attachment: Attachment): Promise<void>;
  remove(key: string): Promise<void>;
}

export interface OpenedJournal {
  readonly journal: Journal;
  /** Files that could not be read; each was renamed to `<file>.unreadable` for a person to look at. */
  readonly unreadable: readonly { readonly file: string; readonly error: string }[];
}

/** Reads `directory` (made if missing, mode 0700). Left-overs of an interrupted write are removed. */
export async function openJournal(directory: string): Promise<OpenedJournal> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const attachments = new Map<string, Attachment>();
  const unreadable: { file: string; error: string }[] = [];
  for (const file of await readdir(directory)) {
    const path = join(directory, file);
    if (file.endsWith('.tmp')) await rm(path, { force: true });
    if (!file.endsWith('.json')) continue;
    const text = await readFile(path, 'utf8');
    const read = parseAttachment(text);
    if (read.ok) attachments.set(keyOf(read.value), read.value);
    // A loss of power leaves an empty file, of a container that went with it.
    else if (text === '') await rm(path);
    else {
      await rename(path, `${path}.unreadable`);
      unreadable.push({ file: `${path}.unreadable`, error: read.error });
    }
  }
  return { journal: journalOver(directory, attachments), unreadable };
}

function parseAttachment(text: string): Result<Attachment> {
  try {
    return parseWith(attachmentSchema, JSON.parse(text));
  } catch (error) {
    return err(`not JSON: ${String(error)}`);
  }
}

/** With the power go the containers: that one was attached may be forgotten then, but not that one is being released. */
const write = { attached: replaceFile, releasing: writeAtomically } as const;

function journalOver(directory: string, attachments: Map<string, Attachment>): Journal {
  const file = (key: string): string => join(directory, `${key}.json`);
  return {
    get: (key) => attachments.get(key),
    list: () => [...attachments.values()],
    hold: (attachment) => {
      attachments.set(keyOf(attachment), attachment);
    },
    put: async (attachment) => {
      const key = keyOf(attachment);
      const before = attachments.get(key);
      attachments.set(key, attachment);
      try {
        await write[attachment.state](file(key), JSON.stringify(attachment));
      } catch (error) {
        if (before === undefined) attachments.delete(key);
        else attachments.set(key, before);
        throw error;
      }
    },
    remove: async (key) => {
      await removeDurably(file(key));
      attachments.delete(key);
    },
  };
}
