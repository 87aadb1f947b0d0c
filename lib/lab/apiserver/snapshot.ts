/** Everything that is stored, in a file: one object a line, written aside and renamed, read again at the next start. */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { asObject, asString, field, parseJson } from './json.ts';
import { asKubeObject, type KubeObject } from './object.ts';
import type { Store } from './store.ts';

const FORMAT = 'warren-lab-apiserver/1';
const BATCH_MS = 4;
/** A change is on disk after this time; longer when writing takes long, so that it never takes more than a tenth of the time. */
const DELAY_MS = 1000;
const DUTY = 10;

/** Reads a snapshot into an empty store; a file that is not there leaves it empty. Throws an Error that names file and line. */
export async function restoreSnapshot(store: Store, file: string): Promise<void> {
  const resources = new Map<string, KubeObject[]>();
  let version = 0;
  let line = 0;
  try {
    for await (const text of createInterface({ input: createReadStream(file) })) {
      line += 1;
      if (line === 1) version = readHeader(text);
      else addObject(resources, text);
    }
  } catch (error) {
    if (isMissing(error)) return;
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${file}, line ${line}: ${why}. Remove the file to start with an empty API server.`, {
      cause: error,
    });
  }
  if (line > 0) store.restore(version, resources);
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

function readHeader(text: string): number {
  const header = asObject(parseJson(text));
  const version = header['version'];
  if (header['format'] === FORMAT && typeof version === 'number') return version;
  throw new Error(`not a snapshot of format ${FORMAT}`);
}

function addObject(resources: Map<string, KubeObject[]>, text: string): void {
  const entry = asObject(parseJson(text));
  const resource = asString(field(entry, 'resource'));
  const object = asKubeObject(field(entry, 'object') ?? null, text);
  const objects = resources.get(resource);
  if (objects === undefined) resources.set(resource, [object]);
  else objects.push(object);
}

/** Writes the state of this moment; later changes do not get into it. Other work goes on meanwhile. */
export async function writeSnapshot(store: Store, file: string): Promise<void> {
  const header = { format: FORMAT, version: store.version };
  const resources = [...store.collections()].map((collection) => [collection.storageKey, collection.all()] as const);
  const temporary = `${file}.new`;
  const stream = createWriteStream(temporary, { mode: 0o600 });
  try {
    stream.write(`${JSON.stringify(header)}\n`);
    for (const [resource, entries] of resources) {
      await writeLines(stream, entries, ({ object }) => JSON.stringify({ resource, object }));
    }
    stream.end();
    await once(stream, 'close');
    await flush(temporary);
    await rename(temporary, file);
  } catch (error) {
    stream.destroy();
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeLines<T>(
  stream: NodeJS.WritableStream,
  items: readonly T[],
  lineOf: (item: T) => string,
): Promise<void> {
  let since = performance.now();
  let lines = '';
  for (const item of items) {
    lines += `${lineOf(item)}\n`;
    if (performance.now() - since < BATCH_MS) continue;
    if (!stream.write(lines)) await once(stream, 'drain');
    await setImmediate();
    lines = '';
    since = performance.now();
  }
  stream.write(lines);
}

async function flush(file: string): Promise<void> {
  await using handle = await open(file, 'r+');
  await handle.sync();
}

/** Keeps a file up to date with a store. */
export class SnapshotWriter {
  readonly #store: Store;
  readonly #file: string;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #delay = DELAY_MS;

  constructor(store: Store, file: string, onError: (error: unknown) => void) {
    this.#store = store;
    this.#file = file;
    this.#onError = onError;
    store.on('change', this.#onChange);
  }

  /** Stops following and writes a last time. Rejects when that fails. */
  async stop(): Promise<void> {
    this.#store.off('change', this.#onChange);
    clearTimeout(this.#timer);
    await this.#writing;
    await writeSnapshot(this.#store, this.#file);
  }

  readonly #onChange = (): void => {
    this.#timer ??= setTimeout(() => {
      // A change from here on needs the next snapshot.
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    }, this.#delay);
  };

  async #write(): Promise<void> {
    const start = performance.now();
    try {
      await writeSnapshot(this.#store, this.#file);
    } catch (error) {
      this.#onError(error);
    }
    this.#delay = Math.max(DELAY_MS, DUTY * (performance.now() - start));
  }
}
