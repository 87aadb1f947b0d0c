/** Values filed under prefixes, found again by any prefix that overlaps theirs: a binary trie for each address family. */
import { family, ipToBytes, type Prefix, prefixAddress, prefixLength } from '../net/address.ts';

interface TrieNode<T> {
  readonly children: [TrieNode<T> | undefined, TrieNode<T> | undefined];
  /** Filed under exactly this prefix. */
  readonly values: Set<T>;
}

const newNode = <T>(): TrieNode<T> => ({ children: [undefined, undefined], values: new Set() });

export class PrefixMap<T> {
  readonly #roots = { 4: newNode<T>(), 6: newNode<T>() };

  /** The same value twice under one prefix is there once. */
  add(prefix: Prefix, value: T): void {
    let node = this.#roots[family(prefix)];
    for (const bit of bitsOf(prefix)) node = node.children[bit] ??= newNode<T>();
    node.values.add(value);
  }

  remove(prefix: Prefix, value: T): void {
    const path: { readonly node: TrieNode<T>; readonly bit: 0 | 1 }[] = [];
    let node = this.#roots[family(prefix)];
    for (const bit of bitsOf(prefix)) {
      const next = node.children[bit];
      if (!next) return;
      path.push({ node, bit });
      node = next;
    }
    node.values.delete(value);
    for (const step of path.toReversed()) {
      if (!isEmpty(step.node.children[step.bit])) return;
      step.node.children[step.bit] = undefined;
    }
  }

  /** The values under prefixes that hold `prefix`, the widest first, then those under prefixes within it. */
  *overlapping(prefix: Prefix): Generator<T> {
    let node = this.#roots[family(prefix)];
    for (const bit of bitsOf(prefix)) {
      yield* node.values;
      const next = node.children[bit];
      if (!next) return;
      node = next;
    }
    yield* allOf(node);
  }
}

const isEmpty = <T>(node: TrieNode<T> | undefined): boolean =>
  node === undefined || (node.values.size === 0 && !node.children[0] && !node.children[1]);

function* allOf<T>(node: TrieNode<T>): Generator<T> {
  yield* node.values;
  for (const child of node.children) if (child) yield* allOf(child);
}

function* bitsOf(prefix: Prefix): Generator<0 | 1> {
  const bytes = ipToBytes(prefixAddress(prefix));
  for (let at = 0; at < prefixLength(prefix); at++) yield ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1 ? 1 : 0;
}
