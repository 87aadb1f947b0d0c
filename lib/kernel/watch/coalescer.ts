/** Many changes in a short time as one: a burst of notifications makes one observation. */

export class Coalescer<Key> {
  readonly #milliseconds: number;
  readonly #listeners = new Set<(key: Key) => void>();
  readonly #changed = new Set<Key>();
  #timer: NodeJS.Timeout | undefined;

  /** How long the first change of a burst waits for others. */
  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  /** Returns its undoing. */
  listen(listener: (key: Key) => void): () => void {
    // A function of its own for each call, so that one listener can be added twice.
    const own = (key: Key): void => listener(key);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  changed(key: Key): void {
    if (this.#listeners.size === 0) return;
    this.#changed.add(key);
    this.#timer ??= setTimeout(() => this.#tell(), this.#milliseconds);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #tell(): void {
    this.#timer = undefined;
    const keys = [...this.#changed];
    this.#changed.clear();
    for (const key of keys) for (const listener of this.#listeners) listener(key);
  }
}
