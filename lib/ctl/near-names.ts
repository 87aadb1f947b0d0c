/** Which of the known names a person may have meant. */

/** At most three, the nearest first; a name that shares nothing with the word is no help. */
export function nearNames(word: string, names: Iterable<string>): readonly string[] {
  const most = Math.max(1, Math.floor(word.length / 3));
  return [...names]
    .map((name) => ({ name, distance: isPart(word, name) ? 0.5 : editDistance(word, name) }))
    .filter(({ distance }) => distance <= most)
    .toSorted((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name);
}

/** `did you mean blue or blue-2?`, or the hint where nothing is near. */
export function didYouMean(word: string, names: Iterable<string>, otherwise: string): string {
  const near = nearNames(word, names);
  return near.length === 0 ? otherwise : `did you mean ${near.join(' or ')}? ${otherwise}`;
}

const isPart = (word: string, name: string): boolean =>
  word.length >= 3 && (name.includes(word) || (name.length >= 3 && word.includes(name)));

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const candidates = [(last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost];
      row.push(Math.min(...candidates, swapped ? (before[j - 2] ?? 0) + 1 : Infinity));
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
