/**
 * Numbered slots, some of them taken. Blocks of slots are taken and freed one at a time, and the lowest free slot is found
 * without looking at every taken one again: an allocator that hands out thousands stays as quick as at the first.
 */

/** `2 ** level` slots from `first`, which is a multiple of that. */
export interface Block {
  readonly first: number;
  readonly level: number;
}

interface Span {
  readonly first: number;
  readonly last: number;
}

/** So many freed spans are remembered; with more, the search begins anew at slot 0. */
const MAX_GAPS = 100_000;

export class Slots {
  readonly count: number;
  /** Per level, how often the block that begins there is taken. */
  readonly #levels = new Map<number, Map<number, number>>();
  /** Every slot below it is taken, or in one of `#gaps`. */
  #frontier = 0;
  /** A heap, the lowest first. Its slots were free once and may be taken by now. */
  #gaps: Span[] = [];
  #used: number | undefined;

  constructor(count: number) {
    this.count = count;
  }

  /** A block may be taken several times, and blocks may lie within each other. */
  take({ first, level }: Block): void {
    const blocks = this.#levels.get(level) ?? new Map<number, number>();
    this.#levels.set(level, blocks);
    blocks.set(first, (blocks.get(first) ?? 0) + 1);
    this.#used = undefined;
  }

  /** The reverse of one `take`. */
  free({ first, level }: Block): void {
    const blocks = this.#levels.get(level);
    const times = blocks?.get(first);
    if (!blocks || times === undefined) return;
    if (times > 1) {
      blocks.set(first, times - 1);
      return;
    }
    blocks.delete(first);
    if (blocks.size === 0) this.#levels.delete(level);
    this.#used = undefined;
    if (first < this.#frontier) this.#addGap({ first, last: first + 2 ** level - 1 });
  }

  /** Undefined when all are taken. */
  lowestFree(): number | undefined {
    for (let gap = this.#gaps[0]; gap; gap = this.#gaps[0]) {
      const free = this.#skipTaken(gap.first, gap.last);
      if (free === gap.first) return free;
      popLowest(this.#gaps);
      if (free <= gap.last) push(this.#gaps, { first: free, last: gap.last });
    }
    this.#frontier = this.#skipTaken(this.#frontier, this.count - 1);
    return this.#frontier < this.count ? this.#frontier : undefined;
  }

  /** How many are taken. */
  used(): number {
    return (this.#used ??= this.#countUsed());
  }

  #addGap(gap: Span): void {
    push(this.#gaps, gap);
    if (this.#gaps.length <= MAX_GAPS) return;
    this.#gaps = [];
    this.#frontier = 0;
  }

  /** The first slot from `slot` to `last` that is in no taken block; past `last` when there is none. */
  #skipTaken(slot: number, last: number): number {
    let at = slot;
    for (let next = this.#endOfTaken(at); next !== undefined && at <= last; next = this.#endOfTaken(at)) at = next;
    return at;
  }

  #endOfTaken(slot: number): number | undefined {
    for (const [level, blocks] of this.#levels) {
      const size = 2 ** level;
      const first = slot - (slot % size);
      if (blocks.has(first)) return first + size;
    }
    return undefined;
  }

  #countUsed(): number {
    let used = 0;
    for (const [level, blocks] of this.#levels) {
      const wider = [...this.#levels].filter(([other]) => other > level);
      const isCovered = (slot: number): boolean =>
        wider.some(([other, those]) => those.has(slot - (slot % 2 ** other)));
      if (wider.length === 0) used += blocks.size * 2 ** level;
      else for (const first of blocks.keys()) if (!isCovered(first)) used += 2 ** level;
    }
    return used;
  }
}

function push(heap: Span[], span: Span): void {
  let at = heap.push(span) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (firstAt(heap, parent) <= span.first) break;
    swap(heap, at, parent);
    at = parent;
  }
}

function popLowest(heap: Span[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  for (let at = 0; ;) {
    const [left, right] = [2 * at + 1, 2 * at + 2];
    const child = firstAt(heap, right) < firstAt(heap, left) ? right : left;
    if (firstAt(heap, child) >= last.first) return;
    swap(heap, at, child);
    at = child;
  }
}

const firstAt = (heap: readonly Span[], at: number): number => heap[at]?.first ?? Infinity;

function swap(heap: Span[], a: number, b: number): void {
  const [one, other] = [heap[a], heap[b]];
  if (one === undefined || other === undefined) return;
  heap[a] = other;
  heap[b] = one;
}
